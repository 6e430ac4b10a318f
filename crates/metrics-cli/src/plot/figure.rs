//! A picture of curves in the unit square, drawn by `plotters` into either format.

use std::error::Error;

use plotters::coord::{CoordTranslate, Shift};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::fonts::{self, BUNDLED};
use super::labels::Label;
use crate::args::PlotFormat;
use crate::evaluate::Point;

/// Width of a figure in pixels; its height depends on the legend. An SVG has the same units, because
/// plotters draws at whole numbers.
const WIDTH: i32 = 1280;
/// Side of the square the curves are drawn in.
const SIDE: i32 = 1080;
const LEFT: i32 = 144;
const TOP: i32 = 144;
/// Room below the square for the ticks and the label of the x axis.
const X_LABELS: i32 = 94;
/// Room left of the square for the ticks and the label of the y axis.
const Y_LABELS: i32 = 120;
/// Middle of the first row of the legend.
const LEGEND_TOP: i32 = TOP + SIDE + 136;
const LEGEND_ROW: i32 = 44;
/// Pixels by which plotters draws text too high when it centres the text at a height.
const TEXT_SHIFT: i32 = 4;
/// Vertices of a line that are drawn into a bitmap at once. plotters fills the outline of a thick
/// line. The outline of many short steps crosses itself, and plotters leaves holes there. The outline
/// of a single corner does not cross itself.
const BITMAP_PIECE: usize = 3;
/// Longer labels would run into the value of their curve.
pub(super) const MAX_LABEL_COLUMNS: usize = 48;
/// Longer subtitles would leave the picture.
pub(super) const MAX_SUBTITLE_COLUMNS: usize = 80;
/// A longer name of the weight column would leave no room for the name of the file.
pub(super) const MAX_WEIGHT_COLUMNS: usize = 20;

/// Values at which a y axis may end.
const Y_ENDS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// The colours of Okabe and Ito, which colour-blind readers can tell apart. Yellow is left out: it is
/// too pale for a line.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    BLACK,
];
/// Dashes of the lines: with more models than colours, the colours repeat, dashed.
const DASHES: [Option<(i32, i32)>; 3] = [None, Some((18, 8)), Some((6, 6))];

const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
const AXIS: RGBColor = RGBColor(0x66, 0x66, 0x66);
const TEXT: RGBColor = RGBColor(0x33, 0x33, 0x33);

type DrawResult<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// A picture to draw.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) subtitle: Label,
    pub(super) x_label: &'static str,
    pub(super) y_label: &'static str,
    /// Whether the y axis may end before 1 when all lines stay far below 1. The label of the axis then says so.
    pub(super) zoom_y: bool,
    pub(super) lines: Vec<Line>,
    /// The curve of random guessing.
    pub(super) baseline: Line,
}

/// A polyline in the unit square with its row in the legend. Without points only the row is drawn.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) label: Label,
    pub(super) value: String,
    pub(super) points: Vec<Point>,
}

/// The content of a file with the figures side by side. The labels must be made for `format`.
///
/// # Errors
/// A sentence that says why the figures cannot be drawn.
pub(super) fn picture(figures: &[Figure], format: PlotFormat) -> Result<Vec<u8>, String> {
    match format {
        PlotFormat::Svg => {
            let mut svg = String::new();
            draw(figures, SVGBackend::with_string(&mut svg, size(figures)), usize::MAX)?;
            Ok(svg.into_bytes())
        }
        PlotFormat::Png => png(figures).map_err(|error| error.to_string()),
    }
}

fn png(figures: &[Figure]) -> Result<Vec<u8>, Box<dyn Error>> {
    let (width, height) = size(figures);
    // Three bytes a pixel. The height grows with the number of models, so there may be too little memory.
    let n_bytes = 3 * width as usize * height as usize;
    let mut pixels = Vec::new();
    pixels.try_reserve_exact(n_bytes)?;
    pixels.resize(n_bytes, 0);
    draw(figures, BitMapBackend::with_buffer(&mut pixels, (width, height)), BITMAP_PIECE)?;
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(png)
}

fn size(figures: &[Figure]) -> (u32, u32) {
    let height = figures.iter().map(Figure::height).max().unwrap_or(0);
    (WIDTH as u32 * figures.len() as u32, height as u32)
}

/// Draws lines in pieces of at most `piece` vertices.
fn draw<DB: DrawingBackend>(figures: &[Figure], backend: DB, piece: usize) -> Result<(), String> {
    fonts::register_bundled()?;
    let mut rest = backend.into_drawing_area();
    let root = rest.clone();
    for figure in figures {
        let (area, others) = rest.split_horizontally(WIDTH);
        figure.draw_on(&area, piece).map_err(|error| error.to_string())?;
        rest = others;
    }
    root.present().map_err(|error| error.to_string())
}

impl Figure {
    fn height(&self) -> i32 {
        LEGEND_TOP + LEGEND_ROW * (self.lines.len() as i32 + 1)
    }

    fn draw_on<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        piece: usize,
    ) -> DrawResult<DB> {
        root.fill(&WHITE)?;
        root.draw_text(self.title, &text(BUNDLED, 44, BLACK, HPos::Left), (LEFT, 58))?;
        let Label { text: subtitle, font } = &self.subtitle;
        root.draw_text(subtitle, &text(font, 30, AXIS, HPos::Left), (LEFT, 102))?;

        let y_end = self.y_end();
        let note = if y_end < 1.0 { format!(" (axis ends at {y_end})") } else { String::new() };
        let height = root.dim_in_pixel().1 as i32;
        // Both edges of the square are drawn, so it has a pixel more than its side.
        let mut chart = ChartBuilder::on(root)
            .margin_top(TOP)
            .margin_left(LEFT - Y_LABELS)
            .margin_right(WIDTH - LEFT - SIDE - 1)
            .margin_bottom(height - TOP - SIDE - 1 - X_LABELS)
            .x_label_area_size(X_LABELS)
            .y_label_area_size(Y_LABELS)
            .build_cartesian_2d(0.0..1.0, 0.0..y_end)?;
        chart
            .configure_mesh()
            .x_labels(6)
            .y_labels(6)
            .y_label_offset(TEXT_SHIFT)
            .set_all_tick_mark_size(8)
            .x_desc(self.x_label)
            .y_desc(format!("{}{note}", self.y_label))
            .label_style(text(BUNDLED, 30, TEXT, HPos::Left))
            .axis_desc_style(text(BUNDLED, 32, TEXT, HPos::Left))
            .axis_style(AXIS.stroke_width(2))
            .bold_line_style(GRID.stroke_width(2))
            .light_line_style(TRANSPARENT)
            .draw()?;

        let styles = (0..self.lines.len()).map(style).chain([BASELINE_STYLE]);
        let rows: Vec<_> = self.lines.iter().chain([&self.baseline]).zip(styles).collect();
        // The first model is drawn last, on top.
        for (line, style) in rows.iter().rev() {
            polyline(chart.plotting_area(), &line.points, piece, *style)?;
        }
        for (row, (line, style)) in rows.iter().enumerate() {
            let y = LEGEND_TOP + LEGEND_ROW * row as i32;
            polyline(root, &[(LEFT, y), (LEFT + 64, y)], piece, *style)?;
            let y = y + TEXT_SHIFT;
            let Label { text: name, font } = &line.label;
            root.draw_text(name, &text(font, 30, TEXT, HPos::Left), (LEFT + 88, y))?;
            let style = text(BUNDLED, 30, TEXT, HPos::Right);
            root.draw_text(&line.value, &style, (LEFT + SIDE, y))?;
        }
        Ok(())
    }

    fn y_end(&self) -> f64 {
        let lines = self.lines.iter().chain([&self.baseline]);
        let heights = lines.flat_map(|line| &line.points).map(|point| point.1);
        let highest = if self.zoom_y { heights.fold(0.0, f64::max) } else { 1.0 };
        Y_ENDS.into_iter().find(|end| highest <= *end).unwrap_or(1.0)
    }
}

/// How a line is drawn: colour, width and the lengths of dashes and gaps.
type LineStyle = (RGBColor, u32, Option<(i32, i32)>);

const BASELINE_STYLE: LineStyle = (RGBColor(0x88, 0x88, 0x88), 2, Some((10, 8)));

fn style(index: usize) -> LineStyle {
    (COLOURS[index % COLOURS.len()], 4, DASHES[index / COLOURS.len() % DASHES.len()])
}

fn polyline<DB: DrawingBackend, CT: CoordTranslate>(
    area: &DrawingArea<DB, CT>,
    points: &[CT::From],
    piece: usize,
    (colour, width, dashes): LineStyle,
) -> DrawResult<DB>
where
    CT::From: Clone,
{
    let stroke = colour.stroke_width(width);
    match dashes {
        _ if points.is_empty() => Ok(()),
        None => points
            .windows(piece.min(points.len()))
            .try_for_each(|piece| area.draw(&PathElement::new(piece, stroke))),
        Some((dash, gap)) => {
            area.draw(&DashedPathElement::new(points.iter().cloned(), dash, gap, stroke))
        }
    }
}

/// A style for text that is centred at the height of its anchor.
fn text(font: &'static str, size: u32, colour: RGBColor, h_pos: HPos) -> TextStyle<'static> {
    (font, size).into_font().color(&colour).pos(Pos::new(h_pos, VPos::Center))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(label: &str, points: Vec<Point>) -> Figure {
        let line = |label: &str, points| Line {
            label: Label::new(label, MAX_LABEL_COLUMNS, PlotFormat::Svg, String::new),
            value: "AUPRC 0.5000".to_owned(),
            points,
        };
        Figure {
            title: "Precision–recall",
            subtitle: Label::plain("file.csv"),
            x_label: "Recall",
            y_label: "Precision",
            zoom_y: true,
            lines: vec![line(label, points)],
            baseline: line("guessing", vec![(0.0, 0.5), (1.0, 0.5)]),
        }
    }

    fn svg(figure: &Figure) -> String {
        let picture = picture(std::slice::from_ref(figure), PlotFormat::Svg).unwrap();
        String::from_utf8(picture).unwrap()
    }

    #[test]
    fn points_land_in_the_square() {
        let svg = svg(&figure("m", vec![(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]));
        assert!(svg.contains(r#"points="144,1224 684,954 1224,144 ""#), "{svg}");
    }

    #[test]
    fn low_curves_get_a_shorter_axis_that_says_so() {
        let mut low = figure("m", vec![(0.0, 0.03), (1.0, 0.02)]);
        low.baseline.points = vec![(0.0, 0.01), (1.0, 0.01)];
        let svg = svg(&low);
        assert!(svg.contains("\nPrecision (axis ends at 0.05)\n"), "{svg}");
        assert!(svg.contains(r#"points="144,576 1224,792 ""#), "{svg}");
        low.zoom_y = false;
        assert_eq!(low.y_end(), 1.0);
    }

    #[test]
    fn the_axis_ends_at_a_tick() {
        for y_end in Y_ENDS {
            let mut figure = figure("m", vec![(0.0, y_end), (1.0, y_end)]);
            figure.baseline.points.clear();
            let (svg, tick) = (svg(&figure), format!("{y_end:?}"));
            assert!(svg.lines().any(|line| line == tick), "{tick} in {svg}");
        }
    }

    #[test]
    fn foreign_text_is_escaped() {
        let svg = svg(&figure("<a & \"b\">\u{7}", Vec::new()));
        assert!(svg.contains("\n&lt;a &amp; &quot;b&quot;&gt;\u{fffd}\n"), "{svg}");
    }

    #[test]
    fn short_steps_have_no_holes_in_a_bitmap() {
        let share = |pixel: i32| f64::from(pixel) / f64::from(SIDE);
        let height = |x: i32| share(600 + x * 7919 % 13);
        let steps = (2..SIDE / 2)
            .map(|x| 2 * x)
            .flat_map(|x| [x, x + 2].map(|end| (share(end), height(x))));
        let figure = figure("m", steps.clone().collect());
        let figures = [figure];
        let size = size(&figures);
        let mut pixels = vec![0; (3 * size.0 * size.1) as usize];
        draw(&figures, BitMapBackend::with_buffer(&mut pixels, size), BITMAP_PIECE).unwrap();
        for (x, y) in steps {
            let pixel = |share: f64| (share * f64::from(SIDE)).round() as i32;
            let at = 3 * ((TOP + SIDE - pixel(y)) * WIDTH + LEFT + pixel(x)) as usize;
            assert_eq!(pixels[at..at + 3], [0x00, 0x72, 0xb2], "{x}, {y}");
        }
    }

    #[test]
    fn styles_differ_for_twenty_models() {
        let styles: std::collections::BTreeSet<String> =
            (0..20).map(|index| format!("{:?}", style(index))).collect();
        assert_eq!(styles.len(), 20);
    }
}
