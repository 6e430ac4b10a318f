//! The curves of a model, thinned while its counts are read.

use tensor_metrics::slice::BinaryAuprc;

use super::Measured;
use super::thin::{Point, Thinned};

/// The curves of one model, ready to draw.
///
/// Both curves are thinned to the resolution of a plot. A curve of at most 8640 corners keeps all of them. A
/// longer curve keeps the first, lowest, highest and last vertex in each of 2160 columns. No vertex is moved,
/// and both end points stay. A curve whose area is undefined has no points.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCurves {
    /// The score column of the model.
    pub score: String,
    /// Average precision, exact.
    pub auprc: Option<f64>,
    /// Area under the ROC curve, exact.
    pub auroc: Option<f64>,
    /// Steps from recall 0 to recall 1, whose area is the AUPRC. Each step is as wide as the recall that its
    /// threshold adds, and as high as the precision there. A threshold that adds no recall has no step.
    pub precision_recall: Vec<Point>,
    /// The ROC curve: straight lines between thresholds, sloped where scores tie.
    pub roc: Vec<Point>,
}

impl ModelCurves {
    /// The model with this score column, without points yet.
    pub(super) fn new(score: &str) -> Self {
        let (precision_recall, roc) = (Vec::new(), Vec::new());
        Self { score: score.to_owned(), auprc: None, auroc: None, precision_recall, roc }
    }

    /// Reads the curves off `exact`. With weights, `n_positives` and `n_negatives` are sums of weights. Besides
    /// the points of the curves this takes the memory that the areas take.
    pub(super) fn read(
        &mut self,
        exact: &mut BinaryAuprc,
        [n_positives, n_negatives]: [f64; 2],
    ) -> tensor_metrics::Result<()> {
        let mut curves = Curves::new(n_positives, n_negatives);
        exact.for_each_group(0, |group| curves.add(group.tp, group.fp))?;
        (self.precision_recall, self.roc) = curves.finish();
        Ok(())
    }

    /// Takes the areas from the `result` of the model, and clears a curve whose area is undefined.
    pub(super) fn label(&mut self, result: &Measured) {
        (self.auprc, self.auroc) = (result.auprc, result.auroc);
        if self.auprc.is_none() {
            self.precision_recall.clear();
        }
        if self.auroc.is_none() {
            self.roc.clear();
        }
    }
}

/// Both curves while they are read. Their points have counts where those of the finished curves have rates.
#[derive(Debug)]
struct Curves {
    n_positives: f64,
    n_negatives: f64,
    /// Positives so far.
    tps: f64,
    precision_recall: Thinned,
    roc: Thinned,
}

impl Curves {
    fn new(n_positives: f64, n_negatives: f64) -> Self {
        let mut roc = Thinned::new(n_negatives);
        roc.add((0.0, 0.0));
        let precision_recall = Thinned::new(n_positives);
        Self { n_positives, n_negatives, tps: 0.0, precision_recall, roc }
    }

    /// Adds the cumulative counts at the next lower distinct score.
    #[inline]
    fn add(&mut self, tps: f64, fps: f64) {
        self.roc.add((fps, tps));
        if tps > self.tps {
            let precision = tps / (tps + fps);
            self.precision_recall.add((self.tps, precision));
            self.precision_recall.add((tps, precision));
            self.tps = tps;
        }
    }

    /// The points of the precision–recall curve and of the ROC curve.
    fn finish(self) -> (Vec<Point>, Vec<Point>) {
        let Self { n_positives, n_negatives, .. } = self;
        let (mut precision_recall, mut roc) = (self.precision_recall.finish(), self.roc.finish());
        precision_recall.iter_mut().for_each(|point| point.0 /= n_positives);
        roc.iter_mut().for_each(|point| *point = (point.0 / n_negatives, point.1 / n_positives));
        (precision_recall, roc)
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn the_steps_drawn_have_the_area_of_the_metric() {
        // Scores 0.8 (1), 0.7 (1), 0.5 (0), 0.1 (1): AP = 1/3 + 1/3 + 1/3 · 3/4.
        let mut curves = Curves::new(3.0, 1.0);
        [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (3.0, 1.0)]
            .into_iter()
            .for_each(|(tps, fps)| curves.add(tps, fps));
        let (steps, roc) = curves.finish();
        assert_eq!((steps.first(), steps.last()), (Some(&(0.0, 1.0)), Some(&(1.0, 0.75))));
        let area: f64 = steps.windows(2).map(|pair| (pair[1].0 - pair[0].0) * pair[1].1).sum();
        assert!((area - 11.0 / 12.0).abs() < 1e-12, "{area}");
        assert_eq!(roc, [(0.0, 0.0), (0.0, 2.0 / 3.0), (1.0, 2.0 / 3.0), (1.0, 1.0)]);
    }

    #[test]
    fn thinned_curves_have_vertices_of_the_whole_curves() {
        let scores: Vec<f32> = (0..50_000).map(|i| (i * 7919 % 40_009) as f32).collect();
        let targets: Vec<u8> = (0..50_000).map(|i: u32| u8::from(i.is_multiple_of(3))).collect();
        let weights: Vec<f64> = (0..50_000).map(|i| f64::from(i % 7)).collect();
        let (mut plain, mut weighted) = (BinaryAuprc::new(), BinaryAuprc::new());
        plain.update(&scores, &targets).unwrap();
        weighted.update_weighted(&scores, &targets, &weights).unwrap();
        for mut exact in [plain, weighted] {
            let areas = exact.read(&tensor_metrics::Sums).unwrap();
            let mut curves = Curves::new(areas.n_positives(), areas.n_negatives());
            exact.for_each_group(0, |group| curves.add(group.tp, group.fp)).unwrap();
            let curve = exact.read(&tensor_metrics::Roc).unwrap();
            let mut whole = curve.fpr.into_iter().zip(curve.tpr);
            let (steps, roc) = curves.finish();
            assert!(roc.iter().all(|point| whole.any(|other| other == *point)), "in this order");
            for curve in [steps, roc] {
                assert!((2160..=8640).contains(&curve.len()), "{}", curve.len());
                assert_eq!((curve[0].0, curve[curve.len() - 1].0), (0.0, 1.0));
            }
        }
    }
}
