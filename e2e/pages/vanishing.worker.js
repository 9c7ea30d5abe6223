// A vault whose worker ends without a word at the third digit, if it is a zero.
import "./vanishing.js";
import "./card-pin.worker.js";
