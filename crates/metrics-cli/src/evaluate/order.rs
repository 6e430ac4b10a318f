//! The order of groups in a report.

use std::cmp::Ordering;

/// Compares two labels: numbers by value and before text, text by its characters.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let number = |label: &str| label.parse::<f64>().ok().filter(|number| !number.is_nan());
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_value_then_text() {
        let mut labels = ["b", "10", "a", "9", "-1", "2.5"];
        labels.sort_by(|a, b| compare(a, b));
        assert_eq!(labels, ["-1", "2.5", "9", "10", "a", "b"]);
    }
}
