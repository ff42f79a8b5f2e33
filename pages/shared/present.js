// In presenter mode, Page Up and Page Down go to the pages beside the current one, and Escape ends it.
(() => {
  if (window.whypixelPresenting) return
  window.whypixelPresenting = true
  const SWITCH = ".st-key-present input:checked"
  const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable=true], [role=slider], [role=listbox]"
  const OPEN = "[role=dialog], [role=listbox], [data-baseweb=popover]" // they have a use for Escape of their own
  const beside = step => {
    const pages = [...document.querySelectorAll(".st-key-navigation :is(a, [aria-current])")]
    return pages[pages.findIndex(page => page.hasAttribute("aria-current")) + step]
  }
  const find = {
    PageUp: () => beside(-1),
    PageDown: () => beside(1),
    Escape: () => document.querySelector(SWITCH),
  }
  addEventListener("keydown", event => {
    const taken = event.defaultPrevented || event.target.closest?.(FIELDS) || document.querySelector(OPEN)
    if (taken || !Object.hasOwn(find, event.key) || !document.querySelector(SWITCH)) return
    event.preventDefault()
    find[event.key]()?.click()
  })
})()
