/**
 * A control must have a name that a screen reader can say: its own text, aria-label, aria-labelledby, title,
 * or, for a form field, a label around it or one that points at its id.
 */
const CONTROLS = new Set(['button', 'a', 'input', 'select', 'textarea', 'el-input', 'el-select', 'el-input-number', 'el-switch'])
const NAMES = new Set(['aria-label', 'aria-labelledby', 'title', 'id', 'label'])

function hasNameAttribute(element) {
  return element.startTag.attributes.some((attribute) => {
    if (!attribute.directive) return NAMES.has(attribute.key.name) || (attribute.key.name === 'type' && attribute.value?.value === 'hidden')
    if (attribute.key.name.name === 'bind' && attribute.key.argument === null) return true
    return attribute.key.name.name === 'text' || (attribute.key.name.name === 'bind' && NAMES.has(attribute.key.argument?.name))
  })
}

function hasText(node) {
  if (node.type === 'VText') return node.value.trim() !== ''
  if (node.type === 'VExpressionContainer') return true
  if (node.type !== 'VElement') return false
  if (node.rawName === 'slot' || (/^[A-Z]/.test(node.rawName) && hasNameAttribute(node))) return true
  return node.children.some(hasText)
}

function insideLabel(element) {
  for (let parent = element.parent; parent; parent = parent.parent) {
    if (parent.type === 'VElement' && ['label', 'el-form-item', 'ElFormItem', 'FieldRow'].includes(parent.rawName)) return true
  }
  return false
}

const kebab = (name) => name.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()

export default {
  meta: { type: 'problem', schema: [], messages: { nameless: '<{{tag}}> has no accessible name.' } },
  create(context) {
    const services = context.sourceCode.parserServices
    if (!services?.defineTemplateBodyVisitor) return {}
    return services.defineTemplateBodyVisitor({
      VElement(element) {
        const tag = kebab(element.rawName)
        if (!CONTROLS.has(tag)) return
        const field = tag !== 'button' && tag !== 'a'
        if (hasNameAttribute(element) || (field && insideLabel(element)) || (!field && element.children.some(hasText))) return
        context.report({ loc: element.loc, messageId: 'nameless', data: { tag } })
      },
    })
  },
}
