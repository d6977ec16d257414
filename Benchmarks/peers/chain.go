// The chain in Go, as a user of net/http and database/sql would write it: one program, four roles.
//
//	chain ROLE PORT CALLEE_PORT DATA_FOLDER LEDGER
//
// ROLE is gateway, user-service, order-service or payment-service; the databases are those of a running chain.
package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

type user struct {
	ID       int    `json:"id"`
	Username string `json:"username"`
}

type order struct {
	AmountCents int    `json:"amount_cents"`
	ID          int    `json:"id"`
	Item        string `json:"item"`
}

type payment struct {
	OrderID int    `json:"order_id"`
	State   string `json:"state"`
}

type orderStatus struct {
	Order   order  `json:"order"`
	Payment string `json:"payment"`
}

// The default transport keeps two idle connections to a host and closes the rest, which under load means a new
// connection for almost every call.
var client = &http.Client{
	Timeout: 20 * time.Second,
	Transport: &http.Transport{
		MaxIdleConns: 10000, MaxIdleConnsPerHost: 10000, IdleConnTimeout: 20 * time.Second, DisableCompression: true,
	},
}

func fail(w http.ResponseWriter, status int, err error) {
	http.Error(w, err.Error(), status)
}

func answer(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func get(callee, path string) ([]byte, error) {
	response, err := client.Get("http://127.0.0.1:" + callee + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the callee answered %d", response.StatusCode)
	}
	return body, err
}

func prepare(folder, service, query string) *sql.Stmt {
	db, err := sql.Open("sqlite3", "file:"+folder+"/"+service+".sqlite?immutable=1&mode=ro&_mutex=no")
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	statement, err := db.Prepare(query)
	if err != nil {
		log.Fatal(err)
	}
	return statement
}

func gateway(callee string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.URL.Path, "/")
		if len(parts) != 4 || parts[1] != "users" || parts[3] != "payment-status" {
			http.NotFound(w, r)
			return
		}
		body, err := get(callee, "/users/"+url.PathEscape(parts[2])+"/payment-status")
		if err != nil {
			fail(w, http.StatusBadGateway, err)
			return
		}
		answer(w, body)
	}
}

func userService(callee, folder string) http.HandlerFunc {
	find := prepare(folder, "user-service", "SELECT id, username FROM users WHERE username = ?")
	return func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.URL.Path, "/")
		if len(parts) != 4 || parts[1] != "users" || parts[3] != "payment-status" {
			http.NotFound(w, r)
			return
		}
		var found user
		if err := find.QueryRow(parts[2]).Scan(&found.ID, &found.Username); err != nil {
			fail(w, http.StatusNotFound, err)
			return
		}
		orders, err := get(callee, "/users/"+strconv.Itoa(found.ID)+"/orders/payment-status")
		if err != nil {
			fail(w, http.StatusBadGateway, err)
			return
		}
		text, err := json.Marshal(found)
		if err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		// What the callee answered is JSON already, and not decoded again.
		answer(w, []byte(`{"orders":`+string(orders)+`,"user":`+string(text)+`}`))
	}
}

func orderService(callee, folder string) http.HandlerFunc {
	ofUser := prepare(folder, "order-service", "SELECT id, item, amount_cents FROM orders WHERE user_id = ? ORDER BY id")
	return func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.URL.Path, "/")
		if len(parts) != 5 || parts[1] != "users" || parts[3] != "orders" || parts[4] != "payment-status" {
			http.NotFound(w, r)
			return
		}
		userID, err := strconv.Atoi(parts[2])
		if err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		orders, err := ordersOf(ofUser, userID)
		if err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		ids := make([]string, len(orders))
		for i, order := range orders {
			ids[i] = strconv.Itoa(order.ID)
		}
		body, err := get(callee, "/payments?order_ids="+strings.Join(ids, ","))
		if err != nil {
			fail(w, http.StatusBadGateway, err)
			return
		}
		var payments []payment
		if err := json.Unmarshal(body, &payments); err != nil {
			fail(w, http.StatusBadGateway, err)
			return
		}
		body, err = json.Marshal(join(orders, payments))
		if err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		answer(w, body)
	}
}

func ordersOf(statement *sql.Stmt, userID int) ([]order, error) {
	rows, err := statement.Query(userID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	orders := []order{}
	for rows.Next() {
		var next order
		if err := rows.Scan(&next.ID, &next.Item, &next.AmountCents); err != nil {
			return nil, err
		}
		orders = append(orders, next)
	}
	return orders, rows.Err()
}

func join(orders []order, payments []payment) []orderStatus {
	states := make(map[int]string, len(payments))
	for _, payment := range payments {
		states[payment.OrderID] = payment.State
	}
	joined := make([]orderStatus, len(orders))
	for i, order := range orders {
		state, known := states[order.ID]
		if !known {
			state = "unknown"
		}
		joined[i] = orderStatus{order, state}
	}
	return joined
}

func paymentService(folder, ledgerPath string) http.HandlerFunc {
	state := prepare(folder, "payment-service", "SELECT order_id, state FROM payments WHERE order_id = ?")
	ledger, err := os.OpenFile(ledgerPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		payments := []payment{}
		checksum := fnv.New64a()
		for _, text := range strings.Split(r.URL.Query().Get("order_ids"), ",") {
			id, err := strconv.Atoi(text)
			if err != nil {
				fail(w, http.StatusBadRequest, err)
				return
			}
			var found payment
			if err := state.QueryRow(id).Scan(&found.OrderID, &found.State); err != nil {
				continue
			}
			checksum.Write([]byte(found.State))
			payments = append(payments, found)
		}
		if _, err := fmt.Fprintf(ledger, "%s,%d,%d\n", r.Header.Get("traceparent"), len(payments), checksum.Sum64()); err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		body, err := json.Marshal(payments)
		if err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		answer(w, body)
	}
}

func main() {
	if len(os.Args) != 6 {
		log.Fatal("usage: chain ROLE PORT CALLEE_PORT DATA_FOLDER LEDGER")
	}
	role, port, callee, folder := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	var handler http.HandlerFunc
	switch role {
	case "gateway":
		handler = gateway(callee)
	case "user-service":
		handler = userService(callee, folder)
	case "order-service":
		handler = orderService(callee, folder)
	case "payment-service":
		handler = paymentService(folder, os.Args[5])
	default:
		log.Fatal("ROLE: found '", role, "'")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, handler))
}
