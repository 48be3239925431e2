export const files = import.meta.glob(['../pages/*/messages.zh-CN.json', '../parts/messages.zh-CN.json', '../shell/messages.zh-CN.json', './messages.zh-CN.json'], {
  eager: true,
  import: 'default',
})
