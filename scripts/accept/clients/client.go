// Go's net/http: client.go URL COUNT UPLOAD_BYTES
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
)

func main() {
	url := os.Args[1]
	count, _ := strconv.Atoi(os.Args[2])
	size, _ := strconv.Atoi(os.Args[3])
	answered := 0
	for number := 0; number < count; number++ {
		answer, err := http.Get(url)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode == 200 {
			answered++
		}
	}
	answer, err := http.Post(url, "text/plain", bytes.NewReader(make([]byte, size)))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("answered %d, upload %d\n", answered, answer.StatusCode)
}
