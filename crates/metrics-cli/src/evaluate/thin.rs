//! Thins a curve of any length to the resolution of a picture, vertex by vertex.

/// A vertex of a polyline.
pub type Point = (f64, f64);

/// Columns that a long curve is thinned to: two for each pixel.
const COLUMNS: usize = 2160;

/// A curve of at most this many vertices keeps all of them.
const MAX_VERTICES: usize = 4 * COLUMNS;

/// The polyline through vertices that come from left to right, with at most [`MAX_VERTICES`].
///
/// Vertices in the middle of a horizontal or vertical line are dropped, which does not change the
/// line. Often that is enough. If not, the x axis is cut into [`COLUMNS`] columns. Each column keeps
/// its first, lowest, highest and last vertex, in their order: the lines through the other vertices
/// would cover the same pixels. (This is the M4 aggregation of Jugel et al., VLDB 2014.) Either way
/// no vertex is moved, and the two end points stay.
#[derive(Debug)]
pub(super) struct Thinned {
    corners: Corners,
    columns: Columns,
}

impl Thinned {
    /// For vertices from x = 0 to `x_end`.
    pub(super) fn new(x_end: f64) -> Self {
        let per_x = COLUMNS as f64 / x_end;
        let columns = Columns { per_x, finished: Vec::new(), current: None };
        Self { corners: Corners::default(), columns }
    }

    #[inline]
    pub(super) fn add(&mut self, point: Point) {
        self.corners.add(point);
        self.columns.add(point);
    }

    /// The vertices that stay.
    pub(super) fn finish(self) -> Vec<Point> {
        self.corners.finish().unwrap_or_else(|| self.columns.finish())
    }
}

/// All vertices but those in the middle of a horizontal or vertical line; gives up beyond
/// [`MAX_VERTICES`].
#[derive(Debug, Default)]
struct Corners {
    vertices: Vec<Point>,
    overflow: bool,
}

impl Corners {
    #[inline]
    fn add(&mut self, point: Point) {
        if !self.overflow {
            self.push(point);
        }
    }

    #[cold]
    fn push(&mut self, point: Point) {
        if let [.., a, b] = self.vertices[..] {
            // The comparisons are exact: a line that is only nearly straight has a corner. A curve
            // never turns back on a horizontal line. It may turn back on a vertical line, and then
            // `b` is a corner.
            let horizontal = a.1 == b.1 && b.1 == point.1;
            let vertical = a.0 == b.0 && b.0 == point.0 && (a.1 < b.1) == (b.1 < point.1);
            if horizontal || vertical {
                self.vertices.pop();
            }
        }
        self.vertices.push(point);
        self.overflow = self.vertices.len() > MAX_VERTICES;
    }

    fn finish(self) -> Option<Vec<Point>> {
        (!self.overflow).then_some(self.vertices)
    }
}

/// The vertices to keep of each column.
#[derive(Debug)]
struct Columns {
    /// Number of columns for each unit of x.
    per_x: f64,
    finished: Vec<Point>,
    current: Option<Column>,
}

/// The vertices to keep of one column.
#[derive(Debug)]
struct Column {
    index: usize,
    first: Point,
    lowest: Point,
    highest: Point,
    last: Point,
    /// Whether the lowest vertex comes after the highest.
    falls: bool,
}

impl Columns {
    #[inline]
    fn add(&mut self, point: Point) {
        // The right edge belongs to the last column.
        let index = ((point.0 * self.per_x) as usize).min(COLUMNS - 1);
        match &mut self.current {
            Some(column) if column.index == index => column.add(point),
            _ => self.start(index, point),
        }
    }

    #[cold]
    fn start(&mut self, index: usize, first: Point) {
        let next =
            Column { index, first, lowest: first, highest: first, last: first, falls: false };
        if let Some(column) = self.current.replace(next) {
            self.finished.extend(column.vertices());
        }
    }

    fn finish(mut self) -> Vec<Point> {
        if let Some(column) = self.current {
            self.finished.extend(column.vertices());
        }
        self.finished
    }
}

impl Column {
    #[inline]
    fn add(&mut self, point: Point) {
        if point.1 < self.lowest.1 {
            (self.lowest, self.falls) = (point, true);
        }
        if point.1 > self.highest.1 {
            (self.highest, self.falls) = (point, false);
        }
        self.last = point;
    }

    fn vertices(self) -> impl Iterator<Item = Point> {
        let Self { first, lowest, highest, last, .. } = self;
        let [second, third] = if self.falls { [highest, lowest] } else { [lowest, highest] };
        let mut kept = vec![first, second, third, last];
        kept.dedup();
        kept.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thin(points: impl IntoIterator<Item = Point>) -> Vec<Point> {
        let mut thinned = Thinned::new(1.0);
        points.into_iter().for_each(|point| thinned.add(point));
        thinned.finish()
    }

    #[test]
    fn short_curves_keep_every_corner() {
        let points = [(0.0, 0.2), (1e-6, 0.5), (2e-6, 0.3), (2e-6, 0.9), (1.0, 1.0)];
        assert_eq!(thin(points), points);
        assert_eq!(thin([]), []);
        assert_eq!(thin([(1.0, 0.5)]), [(1.0, 0.5)]);
    }

    #[test]
    fn straight_runs_become_one_line() {
        let n = 10_000;
        let at = |i: usize| i as f64 / n as f64;
        let up = (0..n).map(|i| (0.0, at(i)));
        let right = (0..=n).map(|i| (at(i), 1.0));
        assert_eq!(thin(up.chain(right)), [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]);
    }

    #[test]
    fn a_spike_on_a_vertical_line_stays() {
        let points = [(0.5, 0.2), (0.5, 0.9), (0.5, 0.4), (1.0, 0.4)];
        assert_eq!(thin(points), points);
    }

    #[test]
    fn long_curves_keep_end_points_and_extremes_and_move_nothing() {
        let noise = |i: usize| (i * 7919 % 1009) as f64 / 10_090.0 + 0.5;
        let mut points: Vec<Point> =
            (0..100_000).map(|i| (i as f64 / 99_999.0, noise(i))).collect();
        points[50_003].1 = 0.1;
        let thinned = thin(points.iter().copied());
        assert!(thinned.len() <= MAX_VERTICES, "{}", thinned.len());
        assert_eq!(thinned.first(), points.first());
        assert_eq!(thinned.last(), points.last());
        assert!(thinned.contains(&points[50_003]));
        assert!(thinned.iter().all(|point| points.contains(point)));
        assert!(thinned.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn order_within_a_column_is_kept() {
        let points = [(0.0, 0.5), (1e-5, 0.9), (2e-5, 0.6), (3e-5, 0.1), (4e-5, 0.5)];
        let mut columns = Thinned::new(1.0).columns;
        points.into_iter().for_each(|point| columns.add(point));
        assert_eq!(columns.finish(), [points[0], points[1], points[3], points[4]]);
    }
}
