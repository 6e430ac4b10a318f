//! The points of curves: numbers that are computed of the counts at each score, and written on several threads.

use super::cumulative::Cumulative;
use super::ranked::RankedCounts;
use crate::arith::{simd, threads};
use crate::error::Result;
use crate::reserve::{NoMemory, zeros_to_fill};

/// The order of the points of a curve.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// From the highest score down, after a point that has no score.
    Downwards,
    /// From the lowest score up, before a point that has no score.
    Upwards,
}

impl RankedCounts {
    /// `f` of the positives and the negatives down to each score, and of the point that has no score.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub(crate) fn points(
        &self,
        op: &'static str,
        order: Order,
        without_score: f64,
        f: impl Fn(f64, f64) -> f64 + Sync,
    ) -> Result<Vec<f64>> {
        let points = match (self.tps(), self.fps()) {
            // Counts end at 2^53: as signed integers they convert in one instruction.
            (Cumulative::Whole(tps), Cumulative::Whole(fps)) => {
                write(order, Some(without_score), tps, fps, |tp, fp| {
                    f(tp as i64 as f64, fp as i64 as f64)
                })
            }
            (Cumulative::Weighted(tps), Cumulative::Weighted(fps)) => {
                write(order, Some(without_score), tps, fps, f)
            }
            _ => unreachable!("both are counts, or both are weights"),
        };
        points.map_err(|refused| refused.needed_by(op))
    }

    /// The scores, and that of the point without score if it has one.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub(crate) fn scores(
        &self,
        op: &'static str,
        order: Order,
        without_score: Option<f64>,
    ) -> Result<Vec<f64>> {
        let scores = self.thresholds();
        write(order, without_score, scores, scores, |score, _| score)
            .map_err(|refused| refused.needed_by(op))
    }
}

/// Writes `f` of each element of both lists.
fn write<T: Copy + Sync>(
    order: Order,
    without_score: Option<f64>,
    tps: &[T],
    fps: &[T],
    f: impl Fn(T, T) -> f64 + Sync,
) -> Result<Vec<f64>, NoMemory> {
    let (n, n_others) = (tps.len(), usize::from(without_score.is_some()));
    let mut all = zeros_to_fill(n + n_others)?;
    let (points, other) = match order {
        Order::Downwards => {
            let (other, points) = all.split_at_mut(n_others);
            (points, other)
        }
        Order::Upwards => all.split_at_mut(n),
    };
    if let (Some(other), Some(value)) = (other.first_mut(), without_score) {
        *other = value;
    }
    threads::write(points, |start, points: &mut [f64]| {
        let end = start + points.len();
        simd::run(|| match order {
            Order::Downwards => {
                let counts = tps[start..end].iter().zip(&fps[start..end]);
                points.iter_mut().zip(counts).for_each(|(x, (&tp, &fp))| *x = f(tp, fp));
            }
            Order::Upwards => {
                let (start, end) = (n - end, n - start);
                let counts = tps[start..end].iter().zip(&fps[start..end]).rev();
                points.iter_mut().zip(counts).for_each(|(x, (&tp, &fp))| *x = f(tp, fp));
            }
        });
    });
    Ok(all)
}
