// @ts-check

/**
 * Draws the digits of a PIN as strokes, so that they are text nowhere: not in the page, not in the worker, and for
 * no screen scraper that reads text.
 */

/** The strokes of 0 to 9, in a box of 10 by 16. */
const STROKES = [
  "M5 1C2 1 1 4.5 1 8s1 7 4 7 4-3.5 4-7-1-7-4-7z",
  "M2.5 3.5L5.5 1V15",
  "M1.3 4.6C1.5 2.4 3 1 5 1c2.3 0 3.9 1.5 3.9 3.7 0 1.6-.9 2.9-2.4 4.4L1.2 15H9",
  "M1.5 2.8C2.3 1.6 3.5 1 4.9 1c2.2 0 3.8 1.3 3.8 3.4S7 7.7 4.6 7.7c2.6 0 4.4 1.4 4.4 3.6S7.3 15 4.9 15c-1.6 0-3-.7-3.8-2",
  "M7 15V1L1 10.8H9.3",
  "M8.4 1H2.5L1.9 7.3C2.7 6.6 3.7 6.2 4.9 6.2c2.4 0 4.1 1.7 4.1 4.3S7.3 15 4.8 15c-1.6 0-2.9-.6-3.7-1.8",
  "M8.2 2.2C7.4 1.4 6.4 1 5.3 1 2.6 1 1 3.8 1 8.6 1 12.8 2.4 15 5 15c2.3 0 4-1.8 4-4.3S7.4 6.5 5.1 6.5C3 6.5 1.4 7.9 1 9.8",
  "M1 1H9L4 15",
  "M5 7.5C3 7.5 1.6 6.2 1.6 4.3 1.6 2.3 3 1 5 1s3.4 1.3 3.4 3.3C8.4 6.2 7 7.5 5 7.5zm0 0c-2.4 0-4 1.5-4 3.7S2.6 15 5 15s4-1.6 4-3.8-1.6-3.7-4-3.7z",
  "M1.8 13.8c.8.8 1.8 1.2 2.9 1.2C7.4 15 9 12.2 9 7.4 9 3.2 7.6 1 5 1 2.7 1 1 2.8 1 5.3s1.6 4.2 3.9 4.2C7 9.5 8.6 8.1 9 6.2",
];

const BOX = Object.freeze({ width: 10, height: 16, gap: 7, margin: 2 });

/** @typedef {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D} Context */

/**
 * @param {Context} context
 * @param {string} color
 * @param {number} count
 * @param {(place: number) => number | undefined} digitAt
 */
export function drawDigits(context, color, count, digitAt) {
  const { canvas } = context;
  const width = count * (BOX.width + BOX.gap) - BOX.gap + 2 * BOX.margin;
  const scale = Math.min(canvas.width / width, canvas.height / (BOX.height + 2 * BOX.margin));
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = color;
  context.lineWidth = 1.7;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (let place = 0; place < count; place += 1) {
    const left = (canvas.width - width * scale) / 2 + (BOX.margin + place * (BOX.width + BOX.gap)) * scale;
    context.setTransform(scale, 0, 0, scale, left, (canvas.height - BOX.height * scale) / 2);
    context.stroke(new Path2D(STROKES[digitAt(place) ?? -1]));
  }
  context.resetTransform();
}

/** @param {Context} context */
export function wipe(context) {
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}
