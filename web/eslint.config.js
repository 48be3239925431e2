import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'
import parser from 'vue-eslint-parser'
import accessibleName from './eslint-rules/accessible-name.js'

/** Pages are rooms: a page may use parts, api, session, words and theme, never another page. */
const noPages = (message) => ({
  'no-restricted-imports': ['error', { patterns: [{ group: ['@/pages/*', '**/pages/*', '../../*/**'], message }] }],
})

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'src/api/generated/'] },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parser, parserOptions: { parser: tseslint.parser, sourceType: 'module' } },
  },
  {
    plugins: { fengtai: { rules: { 'accessible-name': accessibleName } } },
    rules: {
      'fengtai/accessible-name': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/no-v-html': 'error',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/attributes-order': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
    },
  },
  { files: ['src/pages/**'], rules: noPages('A page may not import another page: move the shape to parts/.') },
  { files: ['src/parts/**', 'src/api/**', 'src/session/**', 'src/words/**'], rules: noPages('Only the router knows pages.') },
  {
    // Where the wire is spoken and nowhere else.
    files: ['src/**'],
    ignores: ['src/api/ask.ts', 'src/session/eventStream.ts', 'src/parts/CityMap.vue', 'src/**/*.test.ts'],
    rules: { 'no-restricted-globals': ['error', { name: 'fetch', message: 'Use api/: refusals are values there.' }] },
  },
  { files: ['dev-mock/**', 'scripts/**'], rules: { 'no-console': 'off' } },
)
