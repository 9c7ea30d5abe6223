//! Pictures as SVG: narrow, so that they can be read on a phone, light or dark as the reader's system is.

mod axis;
mod lines;
mod rows;

pub(crate) use axis::{Scale, Unit};
pub(crate) use lines::{Line, Lines, Panel};
pub(crate) use rows::{Group, Mark, Row, Rows};

use std::fmt::Write as _;

/// In the picture's own units; it is shown a little larger where there is room.
const WIDTH: f64 = 440.0;
const SHOWN: f64 = 1.25;
const MARGIN: f64 = 14.0;
/// Of a line of text.
const LEADING: f64 = 17.0;

const STYLE: &str = "
  svg { color-scheme: light dark; font: 12.5px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif }
  .surface { fill: #fff } .text { fill: #1f2328 } .soft { fill: #59636e; font-size: 11px } .title { font-size: 14.5px }
  .title, .strong { font-weight: 600 } .grid { stroke: #d8dee4; stroke-width: 1 } .axis { stroke: #818b98; stroke-width: 1 }
  .c0 { --c: #0a7a5c } .c1 { --c: #b35900 } .c2 { --c: #57606a } .c3 { --c: #3b5bdb }
  .box { fill: var(--c); fill-opacity: .32 } .whisker { stroke: var(--c); stroke-width: 1.5 }
  .median { stroke: var(--c); stroke-width: 3 } .bar { fill: var(--c) } .early { fill: #fff; stroke: var(--c); stroke-width: 1.5 }
  .line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round } .name { fill: var(--c); font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .surface { fill: #0d1117 } .text { fill: #e6edf3 } .soft { fill: #9198a1 } .grid { stroke: #2a313a } .axis { stroke: #656c76 }
    .c0 { --c: #3fcf9f } .c1 { --c: #f0a050 } .c2 { --c: #9aa4af } .c3 { --c: #8ea6ff } .early { fill: #0d1117 }
  }
";

/// Which colour something has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// card-pin, which the others are compared with.
    Ours,
    /// What the browser does by itself.
    Browsers,
    /// Everything else.
    Theirs,
    /// One more, where lines need it.
    Another,
}

impl Colour {
    const fn class(self) -> &'static str {
        match self {
            Self::Ours => "c0",
            Self::Browsers => "c1",
            Self::Theirs => "c2",
            Self::Another => "c3",
        }
    }
}

/// How a text is aligned.
#[derive(Clone, Copy)]
enum Align {
    Start,
    Middle,
    End,
}

/// A picture that grows downwards.
struct Canvas {
    drawn: String,
    height: f64,
}

impl Canvas {
    /// With a title and lines that say how to read it.
    fn new(title: &str, notes: &[&str]) -> Self {
        let mut canvas = Self { drawn: String::new(), height: MARGIN };
        canvas.height += LEADING;
        canvas.text((MARGIN, canvas.height - 4.0), Align::Start, "text title", title);
        for note in notes {
            canvas.height += LEADING - 2.0;
            canvas.text((MARGIN, canvas.height - 4.0), Align::Start, "soft", note);
        }
        canvas.height += 4.0;
        canvas
    }

    fn text(&mut self, (x, y): (f64, f64), align: Align, class: &str, text: &str) {
        let anchor = match align {
            Align::Start => "start",
            Align::Middle => "middle",
            Align::End => "end",
        };
        let text = escape(text);
        self.push(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>"
        ));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.push(&format!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"
        ));
    }

    fn rectangle(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &str) {
        self.push(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\" class=\"{class}\"/>"
        ));
    }

    fn circle(&mut self, (x, y): (f64, f64), radius: f64, class: &str) {
        self.push(&format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" class=\"{class}\"/>"));
    }

    fn path(&mut self, points: &[(f64, f64)], class: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.push(&format!("<polyline points=\"{}\" class=\"{class}\"/>", points.join(" ")));
    }

    fn push(&mut self, element: &str) {
        self.drawn.push_str(element);
        self.drawn.push('\n');
    }

    /// The whole file; `name` says in words what is seen, for who does not see it.
    fn finish(self, name: &str) -> String {
        let height = self.height + MARGIN;
        let (wide, high) = (WIDTH * SHOWN, height * SHOWN);
        let mut svg = String::new();
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide:.0}\" height=\"{high:.0}\" \
             viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" rx=\"8\" class=\"surface\"/>\n{}</svg>\n",
            escape(name),
            self.drawn
        );
        svg
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_as_high_as_what_is_in_it_and_has_its_words_escaped() {
        let mut canvas = Canvas::new("a < b", &["first", "second & last"]);
        let top = canvas.height;
        canvas.height += 100.0;
        let svg = canvas.finish("a & b");
        assert!(svg.starts_with("<svg xmlns") && svg.ends_with("</svg>\n"));
        assert!(svg.contains(&format!("viewBox=\"0 0 440 {:.0}\"", top + 100.0 + MARGIN)));
        assert!(svg.contains(">a &lt; b</text>") && svg.contains(">second &amp; last</text>"));
        assert!(svg.contains("<title>a &amp; b</title>"));
        assert!(svg.contains("prefers-color-scheme: dark"));
    }
}
