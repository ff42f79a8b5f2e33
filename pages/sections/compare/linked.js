// The maps of a comparison share their zoom, what is pointed at, and their opacity. Blink swaps two on one spot.
(() => {
  const PERIOD = 500 // milliseconds
  const { body } = document
  let zoom = null // {whole, part}: what is seen of the photo, and what was seen at first
  let opacity = 1
  let zooming = false
  let paused = matchMedia("(prefers-reduced-motion: reduce)").matches

  const charts = () => [...document.querySelectorAll('[class*="st-key-tiles-"] .js-plotly-plot')].filter(chart => chart.on)
  const seen = ({ _fullLayout: { xaxis, yaxis } }) => ({ "xaxis.range": [...xaxis.range], "yaxis.range": [...yaxis.range] })
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)
  const near = ([low, high], [otherLow, otherHigh]) => // but for rounding
    Math.max(Math.abs(low - otherLow), Math.abs(high - otherHigh)) < Math.abs(high - low) / 50
  const alike = (one, other) => // maps of pictures of other sizes go their own way
    one.whypixelWhole && other.whypixelWhole &&
    Object.keys(one.whypixelWhole).every(axis => near(one.whypixelWhole[axis], other.whypixelWhole[axis]))

  const zoomAll = async chart => {
    if (zooming) return // ours
    zooming = true
    const part = seen(chart)
    zoom = { whole: chart.whypixelWhole, part }
    const others = charts().filter(other => alike(other, chart) && !same(seen(other), part))
    await Promise.allSettled(others.map(other => window.Plotly.relayout(other, part)))
    zooming = false
  }
  const pointAll = (chart, { event, points }) => {
    if (!event) return // ours
    const { x, y } = points[0]
    for (const other of charts()) {
      if (other !== chart && alike(other, chart)) window.Plotly.Fx.hover(other, [{ curveNumber: 0, xval: x, yval: y }], ["xy"])
    }
  }
  const leaveAll = (chart, { event }) => {
    if (!event) return // ours
    for (const other of charts()) if (other !== chart) window.Plotly.Fx.unhover(other)
  }
  const fade = chart => window.Plotly.restyle(chart, { opacity }, [0])

  const link = chart => {
    chart.whypixelWhole = seen(chart)
    chart.on("plotly_relayout", () => zoomAll(chart))
    chart.on("plotly_hover", hover => pointAll(chart, hover))
    chart.on("plotly_unhover", leave => leaveAll(chart, leave))
    if (zoom && same(zoom.whole, chart.whypixelWhole)) window.Plotly.relayout(chart, zoom.part) // drawn anew meanwhile
  }
  const mark = () => {
    for (const button of document.querySelectorAll("[data-blink]")) {
      const number = button.dataset.blink
      const text = paused ? "Blink" : "Pause"
      if (number) button.ariaPressed = paused && number === (body.dataset.blinkShown ?? "0")
      else if (button.textContent !== text) button.textContent = text
    }
  }
  const watch = () => {
    for (const chart of charts()) {
      if (!window.Plotly || !chart._fullLayout?.xaxis) continue
      if (!chart.whypixelWhole) link(chart)
      if ((chart.data[0].opacity ?? 1) !== opacity) fade(chart) // drawn anew, perhaps in the same place
    }
    for (const slider of document.querySelectorAll("[data-opacity]")) slider.value = opacity
    mark()
  }
  const blink = () => {
    if (document.querySelector(".st-key-tiles-blink") && !paused) body.dataset.blinkShown = 1 - (body.dataset.blinkShown ?? 0)
  }
  if (window.whypixelLinking) return
  window.whypixelLinking = setInterval(watch, 300)
  setInterval(blink, PERIOD)
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("[data-opacity]")) return
    opacity = Number(target.value)
    charts().forEach(fade)
  })
  document.addEventListener("click", ({ target }) => {
    if (!target.matches("[data-blink]")) return
    const number = target.dataset.blink
    paused = number !== "" || !paused
    if (number) body.dataset.blinkShown = number
    mark()
  })
})()
