//! Curves of any length made as short as a picture can show.

/// A vertex of a polyline in the unit square.
pub type Point = (f64, f64);

/// Columns a long curve is thinned to: two for each pixel.
const COLUMNS: usize = 2160;

/// Curves up to this many vertices are drawn with all of them.
const MAX_VERTICES: usize = 4 * COLUMNS;

/// The polyline through `points`, which run from left to right, with at most [`MAX_VERTICES`].
///
/// Vertices in the middle of a horizontal or vertical line are dropped, which changes nothing:
/// often that is enough. If not, the x axis is cut into [`COLUMNS`] columns, and in each one the
/// first, the lowest, the highest and the last vertex stay, in their order; what lies between them
/// would be drawn over pixels that are inked already. (This is the M4 aggregation of Jugel et al.,
/// VLDB 2014.) Either way no vertex is moved, and the two end points stay.
pub(crate) fn thin(points: impl IntoIterator<Item = Point>) -> Vec<Point> {
    let mut corners = Corners::default();
    let mut columns = Columns::default();
    for point in points {
        corners.add(point);
        columns.add(point);
    }
    corners.finish().unwrap_or_else(|| columns.finish())
}

/// All vertices but those in the middle of a horizontal or vertical line; gives up when they are
/// too many.
#[derive(Debug, Default)]
struct Corners {
    vertices: Vec<Point>,
    overflow: bool,
}

impl Corners {
    fn add(&mut self, point: Point) {
        if self.overflow {
            return;
        }
        if let [.., a, b] = self.vertices[..] {
            // Exact comparisons: a line that is only nearly straight has a corner. Curves never
            // turn back on a horizontal line; on a vertical one they may, and then b is a corner.
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
#[derive(Debug, Default)]
struct Columns {
    finished: Vec<Point>,
    current: Option<Column>,
    n_points: usize,
}

/// The vertices to keep of one column, each with its position along the curve.
#[derive(Debug)]
struct Column {
    index: usize,
    first: (usize, Point),
    lowest: (usize, Point),
    highest: (usize, Point),
    last: (usize, Point),
}

impl Columns {
    fn add(&mut self, point: Point) {
        // The right edge belongs to the last column.
        let index = ((point.0 * COLUMNS as f64) as usize).min(COLUMNS - 1);
        let numbered = (self.n_points, point);
        self.n_points += 1;
        match &mut self.current {
            Some(column) if column.index == index => column.add(numbered),
            _ => {
                let next = Column {
                    index,
                    first: numbered,
                    lowest: numbered,
                    highest: numbered,
                    last: numbered,
                };
                if let Some(column) = self.current.replace(next) {
                    self.finished.extend(column.vertices());
                }
            }
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
    fn add(&mut self, numbered: (usize, Point)) {
        let height = numbered.1.1;
        if height < self.lowest.1.1 {
            self.lowest = numbered;
        }
        if height > self.highest.1.1 {
            self.highest = numbered;
        }
        self.last = numbered;
    }

    fn vertices(self) -> impl Iterator<Item = Point> {
        let mut kept = vec![self.first, self.lowest, self.highest, self.last];
        kept.sort_by_key(|(position, _)| *position);
        kept.dedup_by_key(|(position, _)| *position);
        kept.into_iter().map(|(_, point)| point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut columns = Columns::default();
        points.into_iter().for_each(|point| columns.add(point));
        assert_eq!(columns.finish(), [points[0], points[1], points[3], points[4]]);
    }
}
