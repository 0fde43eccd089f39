/** Something that went wrong in the page itself; title and message say it to a person. */
export class LocalProblem extends Error {
  readonly title: string;
  readonly code: string;

  constructor(code: string, title: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.title = title;
  }
}
