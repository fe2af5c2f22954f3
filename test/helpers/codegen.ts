/** False under --disallow-code-generation-from-strings: a test of generated code has nothing to test there. */
export const CAN_GENERATE = ((): boolean => {
  try {
    // eslint-disable-next-line no-new-func
    return new Function('return true')() === true
  } catch {
    return false
  }
})()
