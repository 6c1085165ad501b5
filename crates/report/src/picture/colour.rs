//! Pressure over sensor and time, of an array of sensors.

/// Pressures of an array, in equal steps of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Names of the sensors, from the outside in.
    pub sensors: Vec<String>,
    /// Seconds from one column to the next.
    pub step_s: f64,
    /// Unit of the values.
    pub unit: String,
    /// Columns of one value for each sensor; not a number where it is missing.
    pub columns: Vec<Vec<f32>>,
}
