// Pointing at one map tells the values of all maps at the same spot of the photo; "Blink" swaps two maps on one spot.
(() => {
  const PERIOD = 500 // milliseconds
  const point = (chart, { event, points }) => {
    if (!event) return // ours
    const { x, y } = points[0]
    const maps = chart._fullData.map((_, curveNumber) => ({ curveNumber, xval: x, yval: y }))
    window.Plotly.Fx.hover(chart, maps, chart._fullLayout._subplots.cartesian)
  }
  const press = (chart, { button, menu }) => {
    clearInterval(chart.whypixelBlinking)
    if (button.name !== "blink") return
    const [first, second] = menu.buttons.filter(({ method }) => method === "update")
    chart.whypixelBlinking = setInterval(() => {
      if (!chart.isConnected) return clearInterval(chart.whypixelBlinking)
      const { args } = chart._fullData[0].visible ? second : first
      window.Plotly.update(chart, ...structuredClone(args))
    }, PERIOD)
  }
  const link = () => {
    for (const chart of document.querySelectorAll('[class*="st-key-mosaic"] .js-plotly-plot')) {
      if (chart.whypixelLinked || !chart.on || !window.Plotly) continue
      chart.whypixelLinked = true
      chart.on("plotly_hover", hover => point(chart, hover))
      chart.on("plotly_buttonclicked", click => press(chart, click))
    }
  }
  if (!window.whypixelLinking) window.whypixelLinking = setInterval(link, 300)
})()
