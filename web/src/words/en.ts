export const files = import.meta.glob(['../pages/*/messages.en.json', '../parts/messages.en.json', '../shell/messages.en.json', './messages.en.json'], {
  eager: true,
  import: 'default',
})
