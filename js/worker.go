package js

type worker struct{}
