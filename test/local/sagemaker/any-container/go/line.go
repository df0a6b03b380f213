// Fits a line through the points of CSV files of `y,x` and answers each x with its y.
package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const modelFile = "/opt/ml/model/line.json"

type line struct{ Intercept, Slope float64 }

func main() {
	log.SetFlags(0)
	switch command := os.Args[1]; command {
	case "train":
		train()
	case "serve":
		serve()
	default:
		log.Fatalf("unknown command %q", command)
	}
}

func train() {
	var n, sumX, sumY, sumXX, sumXY float64
	files, _ := filepath.Glob("/opt/ml/input/data/training/*.csv")
	for _, name := range files {
		file, err := os.Open(name)
		check(err)
		for _, point := range read(file, 2) {
			y, x := point[0], point[1]
			n, sumX, sumY, sumXX, sumXY = n+1, sumX+x, sumY+y, sumXX+x*x, sumXY+x*y
		}
	}
	slope := (n*sumXY - sumX*sumY) / (n*sumXX - sumX*sumX)
	text, err := json.Marshal(line{Intercept: (sumY - slope*sumX) / n, Slope: slope})
	check(err)
	check(os.WriteFile(modelFile, text, 0o644))
}

func serve() {
	text, err := os.ReadFile(modelFile)
	check(err)
	var model line
	check(json.Unmarshal(text, &model))
	http.HandleFunc("GET /ping", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("POST /invocations", func(answer http.ResponseWriter, request *http.Request) {
		var lines []string
		for _, row := range read(request.Body, 1) {
			lines = append(lines, strconv.FormatFloat(model.Intercept+model.Slope*row[0], 'f', 3, 64))
		}
		answer.Header().Set("Content-Type", "text/csv")
		fmt.Fprint(answer, strings.Join(lines, "\n"))
	})
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	server := &http.Server{Addr: ":8080"}
	go func() { log.Print(server.ListenAndServe()) }()
	<-stop.Done()
	log.Print("stopped by SIGTERM")
	check(server.Shutdown(context.Background()))
}

// read gives the numbers of a CSV of so many columns.
func read(source io.Reader, columns int) [][]float64 {
	reader := csv.NewReader(source)
	reader.FieldsPerRecord = columns
	records, err := reader.ReadAll()
	check(err)
	var rows [][]float64
	for _, record := range records {
		row := make([]float64, columns)
		for i, text := range record {
			row[i], err = strconv.ParseFloat(text, 64)
			check(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
