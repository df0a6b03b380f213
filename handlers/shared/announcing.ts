/** Which predictions the subscribers hear of: of a share of the requests, those to which any of the rules applies. */
export interface Announcing {
  /** Of the requests, 0 to 1, chosen by their ids. Default: 1, which is all of them. */
  share?: number;
  /** Predicted numbers above, or below, this one. */
  above?: number;
  below?: number;
  /** Predicted numbers whose interval is wider than this. */
  wider?: number;
  /** Predicted classes. */
  classes?: string[];
}
