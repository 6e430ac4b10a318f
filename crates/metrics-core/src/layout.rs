//! How the samples of several tasks lie in a matrix.

/// How the samples of several tasks lie in a matrix.
///
/// ```
/// use metrics_core::{Auroc, Layout, Readings, slice::Tensor};
///
/// // Three samples of two tasks, or two samples of three.
/// let scores = Tensor::new(&[0.1, 0.9, 0.5, 0.2, 0.7, 0.4], &[3, 2])?;
/// let targets = Tensor::new(&[0, 1, 0, 0, 1, 1], &[3, 2])?;
/// assert_eq!(Auroc.layout(Layout::TasksLast).tasks(&scores, &targets)?, [1.0, 1.0]);
/// assert_eq!(Auroc.layout(Layout::TasksFirst).tasks(&scores, &targets)?.len(), 3);
/// # Ok::<(), metrics_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Layout {
    /// `(n_tasks, n_samples)`: one row per task.
    #[default]
    TasksFirst,
    /// `(n_samples, n_tasks)`: one column per task, as a model with several heads returns them.
    TasksLast,
}

impl Layout {
    /// The shape of `n_tasks` tasks in words, and the other layout where the given shape has that one.
    pub(crate) fn describe(self, n_tasks: usize, given: &[usize]) -> String {
        match (n_tasks, self, given) {
            (1, ..) => "one task: (n_samples,), (1, n_samples) or (n_samples, 1)".into(),
            (n, Self::TasksFirst, &[_, last]) if last == n => {
                format!("{n} tasks: ({n}, n_samples), or with Layout::TasksLast (n_samples, {n})")
            }
            (n, Self::TasksLast, &[first, _]) if first == n => {
                format!("{n} tasks: (n_samples, {n}), or with Layout::TasksFirst ({n}, n_samples)")
            }
            (n, Self::TasksFirst, _) => format!("{n} tasks: ({n}, n_samples)"),
            (n, Self::TasksLast, _) => format!("{n} tasks: (n_samples, {n})"),
        }
    }
}
