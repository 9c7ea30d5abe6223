// Draws on the canvas that it is given.
addEventListener("message", ({ data: canvas }) => canvas.getContext("2d").fillRect(0, 0, canvas.width, canvas.height));
