// GitHub's own reader of workflows and actions.

import { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";

const errorsOf =
  (parser: typeof parseAction | typeof parseWorkflow) =>
  (content: string): string[] =>
    parser({ name: "file.yml", content }, new NoOperationTraceWriter())
      .context.errors.getErrors()
      .map(({ message }) => message);

/** What is wrong in an action.yml. */
export const errorsInAction = errorsOf(parseAction);
/** What is wrong in a workflow. */
export const errorsInWorkflow = errorsOf(parseWorkflow);
