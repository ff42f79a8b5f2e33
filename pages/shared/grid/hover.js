// Pointing at one map tells the values of all maps at the same spot of the photo.
(() => {
  const link = () => {
    for (const chart of document.querySelectorAll('[class*="st-key-mosaic"] .js-plotly-plot')) {
      if (chart.whypixelLinked || !chart.on || !window.Plotly) continue
      chart.whypixelLinked = true
      chart.on("plotly_hover", ({ event, points }) => {
        if (!event) return
        const { x, y } = points[0]
        const maps = chart._fullData.map((_, curveNumber) => ({ curveNumber, xval: x, yval: y }))
        window.Plotly.Fx.hover(chart, maps, chart._fullLayout._subplots.cartesian)
      })
    }
  }
  if (!window.whypixelLinking) window.whypixelLinking = setInterval(link, 300)
})()
