//! What changes over the course of a run.

use super::{Align, Canvas, Colour, LEADING, MARGIN, Scale, Unit, WIDTH, axis::Axis};

const AREA: (f64, f64) = (62.0, WIDTH - MARGIN);
const PANEL: f64 = 130.0;

/// What changes over the course of a run, in panels one below the other, over the same numbers.
pub(crate) struct Lines<'a> {
    pub(crate) title: &'a str,
    pub(crate) notes: &'a [&'a str],
    /// What is counted from left to right.
    pub(crate) along: &'a str,
    pub(crate) panels: Vec<Panel>,
}

pub(crate) struct Panel {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) colour: Colour,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Lines<'_> {
    pub(crate) fn draw(&self) -> String {
        let mut canvas = Canvas::new(self.title, self.notes);
        let counted = self.points().map(|(along, _)| along);
        let along = Axis::over(Scale::Linear, Unit::Count, counted, AREA);
        for panel in &self.panels {
            draw_panel(&mut canvas, panel, &along);
        }
        for (place, written) in along.ticks(Unit::Count) {
            let align = if place >= AREA.1 - 10.0 { Align::End } else { Align::Middle };
            canvas.text((place, canvas.height + 12.0), align, "soft", &written);
        }
        canvas.height += 2.0 * LEADING - 4.0;
        canvas.text((f64::midpoint(AREA.0, AREA.1), canvas.height - 4.0), Align::Middle, "soft", self.along);
        canvas.finish(&self.in_words())
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| line.points.iter().copied())
    }

    /// For who does not see it.
    fn in_words(&self) -> String {
        let lines = self.panels.iter().flat_map(|panel| {
            panel.lines.iter().filter_map(|line| {
                let ((_, first), (_, last)) = (line.points.first()?, line.points.last()?);
                let (first, last) = (panel.unit.say(*first), panel.unit.say(*last));
                Some(format!("{}, {}: {first} at first, {last} at last", panel.name, line.name))
            })
        });
        format!("{}. {}.", self.title, lines.collect::<Vec<_>>().join("; "))
    }
}

fn draw_panel(canvas: &mut Canvas, panel: &Panel, along: &Axis) {
    canvas.height += LEADING + 12.0;
    canvas.text((MARGIN, canvas.height - 6.0), Align::Start, "text strong", &panel.name);
    let mut x = WIDTH - MARGIN;
    for line in panel.lines.iter().rev() {
        canvas.text(
            (x, canvas.height - 6.0),
            Align::End,
            &format!("name {}", line.colour.class()),
            &line.name,
        );
        // About as wide as its letters.
        x -= 7.8 * line.name.chars().count() as f64 + 12.0;
    }
    let (top, bottom) = (canvas.height + 4.0, canvas.height + 4.0 + PANEL);
    let numbers = panel.lines.iter().flat_map(|line| line.points.iter().map(|(_, number)| *number));
    let axis = Axis::over(Scale::Linear, panel.unit, numbers, (bottom, top));
    for (place, written) in axis.ticks(panel.unit) {
        canvas.line((AREA.0, place), (AREA.1, place), "grid");
        canvas.text((AREA.0 - 6.0, place + 4.0), Align::End, "soft", &written);
    }
    canvas.line((AREA.0, bottom), (AREA.1, bottom), "axis");
    for line in &panel.lines {
        let points = line.points.iter().map(|(counted, number)| (along.place(*counted), axis.place(*number)));
        canvas.path(&points.collect::<Vec<_>>(), &format!("line {}", line.colour.class()));
    }
    canvas.height = bottom;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_its_points() {
        let line = Line {
            name: "Chromium".to_owned(),
            colour: Colour::Ours,
            points: vec![(0.0, 0.0), (50.0, 100.0), (100.0, 50.0)],
        };
        let panel = Panel { name: "time".to_owned(), unit: Unit::Milliseconds, lines: vec![line] };
        let lines = Lines { title: "Many", notes: &[], along: "sessions", panels: vec![panel] };
        let svg = lines.draw();
        let points = svg.split("<polyline points=\"").nth(1).and_then(|rest| rest.split('"').next());
        let points: Vec<f64> =
            points.unwrap_or_default().split([' ', ',']).filter_map(|place| place.parse().ok()).collect();
        let [left, low, middle, high, right, half] = points[..] else { unreachable!("{svg}") };
        assert_eq!((left, right), AREA);
        assert!((middle - f64::midpoint(left, right)).abs() < 0.11);
        assert!((low - high - PANEL).abs() < 0.11, "the second is above the first");
        assert!((half - f64::midpoint(low, high)).abs() < 0.11);
        assert!(svg.contains("time, Chromium: 0.0 ms at first, 50 ms at last"));
    }
}
