/** A headless peer that keeps rooms when nobody is there. */
export {}
