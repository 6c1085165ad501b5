use levator_engine::EngineConfig;

use crate::Header;

pub(crate) fn header() -> Header {
    Header {
        tool: "levator 0.1.0".to_owned(),
        wire: [1, 0],
        opened_unix_ms: 1_795_356_191_000,
        device: "probe".to_owned(),
        port: "/dev/ttyACM0".to_owned(),
        config: EngineConfig::device(),
    }
}
