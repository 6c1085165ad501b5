//! What a host asks of a device (SPEC 3.11 to 3.21). Every command may be repeated without harm.

use super::device::Calib;
use super::view::{CalibView, IdentifyView, SetCalView, StartView};
use super::{Fault, expect_magic};
use crate::frame::MAGIC;

/// Asks a device who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identify {
    /// Minor version of the messages the host speaks.
    pub minor: u8,
    /// Longest payload the host accepts.
    pub max_payload: u8,
}

impl Identify {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let least = IdentifyView::LEAST;
        let view = IdentifyView::new(payload).ok_or(Fault::Length { least })?;
        expect_magic(view.magic())?;
        Ok(Self { minor: view.minor(), max_payload: view.max_payload() })
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        if let Some(mut view) = IdentifyView::new(payload) {
            view.set_magic(MAGIC);
            view.set_minor(self.minor);
            view.set_max_payload(self.max_payload);
        }
    }
}

/// Starts streams; sample indices begin at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Streams to start, bit 0 for stream 0.
    pub streams: u8,
    /// How many milliseconds of samples the host would like in one frame; zero for the device's
    /// choice. A hint only.
    pub batch_ms: u8,
    /// The device stops if nothing from the host arrives for this long, in milliseconds; zero for
    /// never.
    pub keep_alive_ms: u32,
}

impl Start {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let least = StartView::LEAST;
        let view = StartView::new(payload).ok_or(Fault::Length { least })?;
        Ok(Self {
            streams: view.streams(),
            batch_ms: view.batch_ms(),
            keep_alive_ms: view.keep_alive_ms(),
        })
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        if let Some(mut view) = StartView::new(payload) {
            view.set_streams(self.streams);
            view.set_batch_ms(self.batch_ms);
            view.set_keep_alive_ms(self.keep_alive_ms);
        }
    }
}

/// The fields of SET_CAL: those of CALIB, then one more.
pub(super) fn parse_set_cal(payload: &[u8]) -> Result<(Calib, bool), Fault> {
    let least = SetCalView::LEAST;
    let view = SetCalView::new(payload).ok_or(Fault::Length { least })?;
    let calib = Calib::parse(&payload[..CalibView::LEAST])?;
    match view.persist() {
        0 => Ok((calib, false)),
        1 => Ok((calib, true)),
        _ => Err(Fault::Field { offset: 20 }),
    }
}

pub(super) fn emit_set_cal(calib: &Calib, persist: bool, payload: &mut [u8]) {
    calib.emit(&mut payload[..CalibView::LEAST]);
    if let Some(mut view) = SetCalView::new(payload) {
        view.set_persist(u8::from(persist));
    }
}
