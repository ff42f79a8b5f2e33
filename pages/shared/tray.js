// Alt+Left and Alt+Right show the picture before and after the shown one. In a text they move the cursor.
(() => {
  if (window.whypixelTray) return
  window.whypixelTray = true
  const KEYS = { ArrowLeft: "tray-previous", ArrowRight: "tray-next" }
  const TEXTS = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable=true]"
  addEventListener("keydown", event => {
    const others = event.ctrlKey || event.metaKey || event.shiftKey || !event.altKey
    if (others || event.defaultPrevented || !Object.hasOwn(KEYS, event.key) || event.target.closest?.(TEXTS)) return
    const button = document.querySelector(`.st-key-${KEYS[event.key]} button`)
    if (!button) return // without a tray, the browser goes back and forward
    event.preventDefault()
    button.click()
  })
})()
