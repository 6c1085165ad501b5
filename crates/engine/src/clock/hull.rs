//! A line under a cloud: what arrivals would be if none were late.
//!
//! Delays are one-sided. Nothing arrives early, so the earliest arrivals are the true ones, and a line
//! through the middle of all (least squares) is bent by every stall. The lower hull of the last minute
//! touches the earliest; of its edges, the one over the middle lies closest to all points.

/// A minute is remembered.
const WINDOW_S: f64 = 60.0;
/// Of each quarter of a second, the earliest arrival: at least one of a dozen frames came at once.
const BUCKET_S: f64 = 0.25;
const LEN: usize = (WINDOW_S / BUCKET_S) as usize + 2;
/// Before, a slope is an artefact of a stall: then the line is level.
const LEVEL_S: f64 = 10.0;

/// One of each bucket.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    x: f64,
    /// How much later than at the origin, seconds.
    late: f64,
    /// Of all in this bucket, the latest.
    latest: f64,
}

fn bucket(x: f64) -> u64 {
    (x / BUCKET_S) as u64
}

/// Points of the last minute, in their order.
#[derive(Clone, Debug)]
pub(super) struct HullFit {
    points: [Point; LEN],
    first: usize,
    count: usize,
}

/// `late = offset + slope * x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) slope: f64,
    offset: f64,
}

impl Line {
    pub(super) fn late_at(&self, x: f64) -> f64 {
        self.offset + self.slope * x
    }
}

impl HullFit {
    pub(super) fn new() -> Self {
        Self { points: [Point::default(); LEN], first: 0, count: 0 }
    }

    fn point(&self, place: usize) -> &Point {
        &self.points[(self.first + place) % LEN]
    }

    /// `x` may not run backwards; what does is left out.
    pub(super) fn add(&mut self, x: f64, late: f64) {
        if self.count > 0 {
            let newest = (self.first + self.count - 1) % LEN;
            let last = &mut self.points[newest];
            if x < last.x {
                return;
            }
            if bucket(x) == bucket(last.x) {
                last.latest = last.latest.max(late);
                if late < last.late {
                    (last.x, last.late) = (x, late);
                }
                return;
            }
        }
        while self.count > 0 && (self.point(0).x < x - WINDOW_S || self.count == LEN) {
            self.first = (self.first + 1) % LEN;
            self.count -= 1;
        }
        self.points[(self.first + self.count) % LEN] = Point { x, late, latest: late };
        self.count += 1;
    }

    /// Seconds that are remembered.
    pub(super) fn span_s(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.point(self.count - 1).x - self.point(0).x }
    }

    /// The line under all points that is closest to them, not steeper than `most`.
    pub(super) fn line(&self, most: f64) -> Line {
        let slope =
            if self.span_s() < LEVEL_S - BUCKET_S { 0.0 } else { self.edge().clamp(-most, most) };
        let below = (0..self.count).map(|place| self.point(place));
        let offset = below.map(|point| point.late - slope * point.x).fold(f64::INFINITY, f64::min);
        Line { slope, offset: if offset.is_finite() { offset } else { 0.0 } }
    }

    /// Slope of the edge of the lower hull over the mean of all points.
    fn edge(&self) -> f64 {
        let mean =
            (0..self.count).map(|place| self.point(place).x).sum::<f64>() / self.count as f64;
        let (mut hull, mut len) = ([0_usize; LEN], 0);
        for place in 0..self.count {
            let new = self.point(place);
            while len >= 2 {
                let (a, b) = (self.point(hull[len - 2]), self.point(hull[len - 1]));
                let turn = (b.x - a.x) * (new.late - a.late) - (b.late - a.late) * (new.x - a.x);
                if turn > 0.0 {
                    break;
                }
                len -= 1;
            }
            hull[len] = place;
            len += 1;
        }
        let edges = hull[..len].windows(2).map(|pair| (self.point(pair[0]), self.point(pair[1])));
        let mut over = edges.filter(|(a, b)| a.x <= mean && mean <= b.x);
        over.next().map_or(0.0, |(a, b)| (b.late - a.late) / (b.x - a.x))
    }

    /// How far the latest arrival lies above `line`.
    pub(super) fn latest_s(&self, line: &Line) -> f64 {
        let above = (0..self.count).map(|place| self.point(place));
        above.map(|point| point.latest - line.late_at(point.x)).fold(0.0, f64::max)
    }
}
