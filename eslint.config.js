import neostandard, { plugins } from 'neostandard'

const BROWSER = ['addEventListener', 'document', 'history', 'localStorage', 'location', 'navigator', 'removeEventListener', 'sessionStorage', 'window']

export default [
  ...neostandard({ ts: true, ignores: ['dist/**', 'build/**', 'build-*/**', '.tap/**', 'bench/node_modules/**', 'test/corpus/**'] }),
  {
    rules: {
      'no-void': ['error', { allowAsStatement: true }],
    },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      // A schema and its type share a name: that is how TypeBox is written. TypeScript itself refuses real redeclarations.
      '@typescript-eslint/no-redeclare': 'off',
    },
  },
  {
    // Needs types, and so takes seconds: the library only. A promise that nobody owns (void says: it owns itself) ends the process when it rejects.
    files: ['lib/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    files: ['examples/*/public/**/*.js'],
    languageOptions: { globals: Object.fromEntries(BROWSER.map(name => [name, 'readonly'])) },
  },
]
