// The SQLite C API with owners: a connection, a prepared statement, a transaction that rolls back unless it
// is committed. Failures throw SqliteError with SQLite's extended code; callers turn them into results at
// their own border.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace muster::registry {

class SqliteError : public std::runtime_error {
 public:
  SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  bool is_damage() const;  // the file is no database, is malformed, or cannot be read

 private:
  int code_;
};

class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* connection, std::string_view sql);
  // Text is not copied: it must live until the statement has run.
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::int64_t number);
  Statement& bind_blob(int index, std::string_view octets);  // not copied either
  bool step();  // true: a row is there
  void run();   // step to the end, then reset
  void reset();
  std::int64_t number(int column) const;
  std::string text(int column) const { return std::string(view(column)); }
  std::string_view view(int column) const;  // until the next step
  std::string blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Connection {
 public:
  enum class Mode : std::uint8_t { create, read_only, immutable };
  Connection() = default;
  Connection(const std::string& path, Mode mode);
  void exec(const std::string& sql);
  Statement prepare(std::string_view sql) { return {get(), sql}; }
  std::int64_t number(std::string_view sql);  // the first column of the first row; 0 without one
  std::string text(std::string_view sql);
  sqlite3* get() const { return connection_.get(); }
  explicit operator bool() const { return connection_ != nullptr; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

class Transaction {
 public:
  explicit Transaction(Connection& connection);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace muster::registry
