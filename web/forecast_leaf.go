package web

// forecastLeaf tells how the next logins would end.
type forecastLeaf struct{ *kit }

// onForecast is how rooms reach it.
func onForecast(k *kit) forecastLeaf { return forecastLeaf{kit: k} }
