//! The canvas on which a PIN is drawn. No digit becomes a JavaScript value on the way.

use super::strokes::STROKES;
use crate::digits::Digits;
use alloc::string::String;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, OffscreenCanvas};

#[wasm_bindgen]
extern "C" {
    /// The methods that both kinds of canvas have.
    type AnyCanvas;
    #[wasm_bindgen(method, getter)]
    fn width(this: &AnyCanvas) -> f64;
    #[wasm_bindgen(method, getter)]
    fn height(this: &AnyCanvas) -> f64;
    #[wasm_bindgen(method, js_name = getContext, catch)]
    fn get_context(this: &AnyCanvas, kind: &str) -> Result<Option<CanvasRenderingContext2d>, JsValue>;
}

/// The size of a digit's box and the space around it, in the units of the strokes.
const WIDTH: f64 = 100.0;
const HEIGHT: f64 = 160.0;
const GAP: f64 = 70.0;
const MARGIN: f64 = 20.0;
const LINE_WIDTH: f64 = 17.0;

/// A canvas: either kind has the same methods.
#[derive(Debug)]
pub(super) struct Canvas {
    context: CanvasRenderingContext2d,
    width: f64,
    height: f64,
}

impl Canvas {
    /// Takes the value as a canvas; `None` if it is not one.
    pub(super) fn from_message(message: &JsValue) -> Option<Self> {
        if !message.has_type::<OffscreenCanvas>() && !message.has_type::<HtmlCanvasElement>() {
            return None;
        }
        let canvas: &AnyCanvas = message.unchecked_ref();
        let context = canvas.get_context("2d").ok().flatten()?;
        Some(Self { context, width: canvas.width(), height: canvas.height() })
    }
}

/// The canvas on which a PIN is drawn, once there is one, and its colour.
#[derive(Debug, Default)]
pub(super) struct Screen {
    canvas: Option<Canvas>,
    color: String,
}

impl Screen {
    /// Takes the canvas. Only the first is drawn on: Firefox does not give another context to a worker whose
    /// canvas the page has taken away.
    pub(super) fn set_canvas(&mut self, canvas: Canvas) {
        self.canvas.get_or_insert(canvas);
    }

    /// Sets the colour. A text that is not a CSS colour changes nothing.
    pub(super) fn set_color(&mut self, color: String) {
        self.color = color;
    }

    pub(super) fn draw(&self, digits: &Digits) {
        let Some(Canvas { context, width, height }) = &self.canvas else { return };
        let count = f64::from(digits.count());
        let needed = count * (WIDTH + GAP) - GAP + 2.0 * MARGIN;
        let scale = (width / needed).min(height / (HEIGHT + 2.0 * MARGIN));
        self.wipe();
        context.set_stroke_style_str(&self.color);
        context.set_line_width(LINE_WIDTH);
        context.set_line_cap("round");
        context.set_line_join("round");
        let mut left = (width - needed * scale) / 2.0 + MARGIN * scale;
        let top = (height - HEIGHT * scale) / 2.0;
        // EXPOSE: drawn because the customer asked to see it; only the numbers of the strokes are passed on.
        for &digit in digits.expose() {
            let _ = context.set_transform(scale, 0.0, 0.0, scale, left, top);
            let Some(stroke) = STROKES.get(usize::from(digit)) else { return };
            context.begin_path();
            context.move_to(stroke.start.0.into(), stroke.start.1.into());
            for curve in stroke.curves {
                let [x1, y1, x2, y2, x, y] = curve.map(f64::from);
                context.bezier_curve_to(x1, y1, x2, y2, x, y);
            }
            context.stroke();
            left += (WIDTH + GAP) * scale;
        }
        let _ = context.reset_transform();
    }

    pub(super) fn wipe(&self) {
        if let Some(Canvas { context, width, height }) = &self.canvas {
            context.clear_rect(0.0, 0.0, *width, *height);
        }
    }
}
