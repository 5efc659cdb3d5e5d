package js

type mediaDevices struct{ eventTarget }
