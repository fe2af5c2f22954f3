// Tested in test/model/report.test.ts and test/codegen/notes.test.ts.
import type { BudgetModel } from '../../types/model.js'

/** How much a budget of the application's own allows. */
export function budgetText ({ rate, burst }: BudgetModel, unit: string): string {
  const many = rate === undefined ? `as many ${unit} per second as the server decides` : `${rate} ${unit} per second`
  return `${many}${burst === undefined ? '' : `, ${burst} saved up`}`
}
