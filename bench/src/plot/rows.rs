//! A row for each way to do something.

use super::{Align, Canvas, Colour, LEADING, MARGIN, Scale, Unit, WIDTH, axis::Axis};
use crate::statistics::Summary;

/// Names on the left, numbers on the right, and between them what they look like.
const AREA: (f64, f64) = (160.0, WIDTH - 74.0);
const ROW: f64 = 22.0;

/// A row for each way to do something, in groups.
pub(crate) struct Rows<'a> {
    pub(crate) title: &'a str,
    /// How to read it; each has to fit a line.
    pub(crate) notes: &'a [&'a str],
    pub(crate) scale: Scale,
    pub(crate) unit: Unit,
    pub(crate) groups: Vec<Group>,
}

pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) colour: Colour,
    pub(crate) mark: Mark,
}

pub(crate) enum Mark {
    /// A box from quartile to quartile, a line on to the 95th percentile, a stroke at the median, which is written beside it;
    /// and a ring at something earlier.
    Spread(Summary, Option<f64>),
    /// A bar of that length.
    Bar(f64),
    /// Nothing, and why.
    Missing(String),
}

impl Mark {
    fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Spread(summary, early) => {
                let Summary { median, quartiles: (low, high), p95, .. } = *summary;
                [low, median, high, p95].into_iter().chain(*early).collect()
            }
            Self::Bar(number) => vec![*number],
            Self::Missing(_) => Vec::new(),
        }
    }
}

impl Rows<'_> {
    pub(crate) fn draw(&self) -> String {
        let mut canvas = Canvas::new(self.title, self.notes);
        let numbers = self.groups.iter().flat_map(|group| &group.rows).flat_map(|row| row.mark.numbers());
        let axis = Axis::over(self.scale, self.unit, numbers, AREA);
        let ticks = axis.ticks(self.unit);
        for group in &self.groups {
            if !group.name.is_empty() {
                canvas.height += LEADING + 5.0;
                canvas.text((MARGIN, canvas.height - 4.0), Align::Start, "text strong", &group.name);
            }
            let bottom = canvas.height + ROW * group.rows.len() as f64;
            for (place, _) in &ticks {
                canvas.line((*place, canvas.height), (*place, bottom), "grid");
            }
            for row in &group.rows {
                let middle = canvas.height + ROW / 2.0;
                canvas.text((MARGIN, middle + 4.0), Align::Start, label_class(row), &row.label);
                self.mark(&mut canvas, middle, row, &axis);
                canvas.height += ROW;
            }
        }
        canvas.line((AREA.0, canvas.height), (AREA.1, canvas.height), "axis");
        canvas.height += LEADING;
        for (place, written) in &ticks {
            canvas.text((*place, canvas.height - 4.0), Align::Middle, "soft", written);
        }
        canvas.finish(&self.in_words())
    }

    fn mark(&self, canvas: &mut Canvas, middle: f64, row: &Row, axis: &Axis) {
        let colour = row.colour.class();
        let class = |name: &str| format!("{name} {colour}");
        match &row.mark {
            Mark::Spread(summary, early) => {
                let (low, high) = (axis.place(summary.quartiles.0), axis.place(summary.quartiles.1));
                let (median, p95) = (axis.place(summary.median), axis.place(summary.p95));
                canvas.line((low, middle), (p95, middle), &class("whisker"));
                canvas.line((p95, middle - 4.0), (p95, middle + 4.0), &class("whisker"));
                canvas.rectangle((low, middle - 6.0), ((high - low).max(1.0), 12.0), &class("box"));
                canvas.line((median, middle - 7.0), (median, middle + 7.0), &class("median"));
                if let Some(early) = early {
                    canvas.circle((axis.place(*early), middle), 4.0, &class("early"));
                }
                self.number(canvas, middle, row, summary.median);
            }
            Mark::Bar(number) => {
                let length = (axis.place(*number) - AREA.0).max(1.0);
                canvas.rectangle((AREA.0, middle - 6.0), (length, 12.0), &class("bar"));
                self.number(canvas, middle, row, *number);
            }
            Mark::Missing(why) => canvas.text((AREA.0 + 6.0, middle + 4.0), Align::Start, "soft", why),
        }
    }

    fn number(&self, canvas: &mut Canvas, middle: f64, row: &Row, number: f64) {
        let place = (WIDTH - MARGIN, middle + 4.0);
        canvas.text(place, Align::End, label_class(row), &self.unit.say(number));
    }

    /// For who does not see it.
    fn in_words(&self) -> String {
        let groups = self.groups.iter().map(|group| {
            let rows = group.rows.iter().map(|row| match &row.mark {
                Mark::Spread(summary, _) => format!("{} {}", row.label, self.unit.say(summary.median)),
                Mark::Bar(number) => format!("{} {}", row.label, self.unit.say(*number)),
                Mark::Missing(why) => format!("{}: {why}", row.label),
            });
            let rows = rows.collect::<Vec<_>>().join(", ");
            if group.name.is_empty() { rows } else { format!("{}: {rows}", group.name) }
        });
        format!("{}. {}.", self.title, groups.collect::<Vec<_>>().join("; "))
    }
}

fn label_class(row: &Row) -> &'static str {
    if row.colour == Colour::Ours { "text strong" } else { "text" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Rows<'static> {
        let summary = Summary { runs: 9, mean: 35.0, median: 31.0, quartiles: (20.0, 40.0), p95: 59.0 };
        let row = |label: &str, colour, mark| Row { label: label.to_owned(), colour, mark };
        Rows {
            title: "Keys",
            notes: &["shorter is faster"],
            scale: Scale::Logarithmic,
            unit: Unit::Milliseconds,
            groups: vec![Group {
                name: "Chromium".to_owned(),
                rows: vec![
                    row("card-pin", Colour::Ours, Mark::Spread(summary, Some(12.0))),
                    row("other", Colour::Theirs, Mark::Bar(1000.0)),
                    row("slow", Colour::Theirs, Mark::Missing("skipped".to_owned())),
                ],
            }],
        }
    }

    #[test]
    fn each_row_has_its_name_its_number_and_its_mark() {
        let svg = rows().draw();
        for text in
            [">card-pin</text>", ">31 ms</text>", ">other</text>", ">1.00 s</text>", ">skipped</text>"]
        {
            assert_eq!(svg.matches(text).count(), 1, "{text}");
        }
        for (class, number) in
            [("box c0", 1), ("median c0", 1), ("early c0", 1), ("bar c2", 1), ("whisker c0", 2)]
        {
            assert_eq!(svg.matches(&format!("class=\"{class}\"")).count(), number, "{class}");
        }
    }

    #[test]
    fn the_title_says_the_numbers_in_words() {
        let words = "<title>Keys. Chromium: card-pin 31 ms, other 1.00 s, slow: skipped.</title>";
        assert!(rows().draw().contains(words));
    }

    #[test]
    fn everything_lies_inside_the_picture() {
        let svg = rows().draw();
        let places = svg
            .match_indices("x=\"")
            .filter_map(|(at, start)| svg[at + start.len()..].split('"').next()?.parse::<f64>().ok());
        for place in places {
            assert!((0.0..=WIDTH).contains(&place), "{place}");
        }
    }
}
