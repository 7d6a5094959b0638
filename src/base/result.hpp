// What can fail returns a Result: a value, or an Error that says what, where and what to do.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace cityloom::base {

/// The kind of a failure. One table in `serve` turns it into an HTTP status and an NGSI-LD problem type;
/// one in `app` into an exit code. Add a kind only if a caller must act differently on it.
enum class Code : unsigned char {
  invalid,         ///< The input breaks a rule: malformed, out of range, wrong type.
  not_found,       ///< What was named does not exist.
  already_exists,  ///< It must not exist, and does.
  conflict,        ///< The state does not allow it now.
  forbidden,       ///< The decision function said no.
  too_large,       ///< Input or answer past a stated limit of size.
  too_complex,     ///< Input past a stated limit of depth or work.
  busy,            ///< A queue is full: try again later.
  unsupported,     ///< Known to the standard, not done here.
  not_acceptable,  ///< No representation that the client accepts.
  unavailable,     ///< A source outside (context, broker, disk) did not answer or failed.
  timeout,         ///< A deadline passed.
  cancelled,       ///< Somebody asked to stop.
  corrupt,         ///< Stored data fails its own check.
  internal,        ///< Our mistake, noticed.
};

/// The name of a code as it stands in logs and problem details, e.g. "not_found". Never empty.
std::string_view name_of(Code code);

/// Why something failed, for a person: what happened, where (file and line, entity, parameter; may be empty),
/// and what to do next (may be empty).
struct Error {
  Code code = Code::internal;
  std::string what;
  std::string where;
  std::string remedy;

  /// One line: "what (where): remedy", leaving out what is empty.
  std::string text() const;
  bool operator==(const Error&) const = default;
};

/// A value or an Error. Check `ok()` first: asking for the part that is not there is our mistake and asserts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  const Error& error() const& {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

 private:
  std::variant<T, Error> state_;
};

/// A Result without a value.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    assert(!ok());
    return *error_;
  }
  Error&& error() && {
    assert(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

/// Shorthand: `return fail(Code::invalid, "longitude 200 is past 180", "location.coordinates[0]");`
inline Error fail(Code code, std::string what, std::string where = {}, std::string remedy = {}) {
  return Error{code, std::move(what), std::move(where), std::move(remedy)};
}

}  // namespace cityloom::base
