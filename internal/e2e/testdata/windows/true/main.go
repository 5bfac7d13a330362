// Command true is a browser in which the person does nothing: BROWSER=true.
package main

func main() {}
