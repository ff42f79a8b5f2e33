// A slider moves a figure from stop to stop: the figure's own one is hidden and says what each stop shows.
(() => {
  const PERIOD = 250 // milliseconds between two stops while it plays
  const chartOf = bar => document.querySelector(`.st-key-${bar.dataset.area} .js-plotly-plot`)
  const stepsOf = chart => chart.layout.sliders[0].steps
  const sliderOf = bar => bar.querySelector("input")

  const show = (bar, chart, stop) => {
    const { args, label } = stepsOf(chart)[stop]
    write(bar, stop, label)
    window.Plotly.update(chart, ...structuredClone(args))
  }
  const write = (bar, stop, label) => {
    sliderOf(bar).value = stop
    sliderOf(bar).setAttribute("aria-valuetext", label)
    bar.querySelector("output").textContent = label
  }
  const move = bar => { // once a frame, however fast the slider is dragged
    bar.whypixelShare = sliderOf(bar).value / (sliderOf(bar).max || 1)
    bar.whypixelFrame ??= requestAnimationFrame(() => {
      bar.whypixelFrame = undefined
      if (chartOf(bar)) show(bar, chartOf(bar), Number(sliderOf(bar).value))
    })
  }
  const play = (bar, button) => {
    const slider = sliderOf(bar)
    const halt = () => {
      clearInterval(bar.whypixelPlaying)
      bar.whypixelPlaying = undefined
      button.textContent = "Play"
    }
    if (bar.whypixelPlaying) return halt()
    const next = () => {
      if (!bar.isConnected || slider.value === slider.max) return halt()
      slider.value = Number(slider.value) + 1
      move(bar)
    }
    if (slider.value === slider.max) {
      slider.value = 0
      move(bar)
    }
    bar.whypixelPlaying = setInterval(next, PERIOD)
    button.textContent = "Stop"
  }
  const arranged = new WeakMap() // layouts to how they are shown
  const arrange = chart => { // the panels, as the figure's width asks for
    const { layout } = chart, { meta } = layout
    if (!meta?.from) return
    // Streamlit draws it with a height of its own first, and anew once it has measured the room that there is.
    if (Math.abs(chart.clientHeight - chart.parentElement.clientHeight) > 1) return
    const wanted = chart.clientWidth < meta.from ? "narrow" : "wide"
    // Places can't be compared: Plotly narrows the domains of panels that keep their shape. So it is noted for each
    // layout, not in it: a figure that is drawn anew has a new layout, whose parts may be those of the old one.
    const shown = arranged.get(layout) ?? (chart.whypixelArranged ? undefined : "wide") // the server's figure is wide
    if (shown === wanted) return
    window.Plotly.relayout(chart, structuredClone(meta[wanted])).then(
      () => chart.classList.add("arranged"), // a narrow window doesn't show it before (saturation.css)
      () => arranged.delete(layout),
    )
    arranged.set(layout, wanted) // not before: it may fail while the figure is still being drawn
    chart.whypixelArranged = true
  }
  const link = () => {
    for (const bar of document.querySelectorAll(".stops")) {
      const chart = chartOf(bar), slider = sliderOf(bar)
      if (!chart?._fullLayout || !window.Plotly) continue
      arrange(chart)
      if (bar.whypixelChart !== chart) {
        bar.whypixelChart = chart
        const steps = stepsOf(chart), last = steps.length - 1, { active } = chart.layout.sliders[0]
        slider.max = last
        const stop = bar.whypixelShare === undefined ? active : Math.round(bar.whypixelShare * last)
        if (stop === active) write(bar, stop, steps[stop].label)
        else show(bar, chart, stop)
      }
      if (bar.whypixelLinked) continue
      bar.whypixelLinked = true
      bar.classList.add("linked")
      slider.addEventListener("input", () => move(bar))
      const button = bar.querySelector("button")
      button?.addEventListener("click", () => play(bar, button))
    }
  }
  if (!window.whypixelStops) window.whypixelStops = setInterval(link, 200)
})()
