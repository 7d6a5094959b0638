// The table of problems.
#include "serve/problem.hpp"

#include <array>

#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

struct Row {
  base::Code code;
  int status;
  std::string_view type;
  std::string_view title;
};

using base::Code;
constexpr std::array table = {
    Row{Code::invalid, 400, "urn:cityloom:error:invalid", "The request breaks a rule"},
    Row{Code::not_found, 404, "urn:cityloom:error:not_found", "Not found"},
    Row{Code::already_exists, 409, "urn:cityloom:error:already_exists", "Already exists"},
    Row{Code::conflict, 409, "urn:cityloom:error:conflict", "Not possible in the present state"},
    Row{Code::forbidden, 403, "urn:cityloom:error:forbidden", "Not allowed"},
    Row{Code::too_large, 413, "urn:cityloom:error:too_large", "Too large"},
    Row{Code::too_complex, 403, "urn:cityloom:error:too_complex", "Too complex"},
    Row{Code::busy, 503, "urn:cityloom:error:busy", "Busy, try again later"},
    Row{Code::unsupported, 501, "urn:cityloom:error:unsupported", "Not supported"},
    Row{Code::not_acceptable, 406, "urn:cityloom:error:not_acceptable", "No acceptable representation"},
    Row{Code::unavailable, 503, "urn:cityloom:error:unavailable", "Not available now"},
    Row{Code::timeout, 504, "urn:cityloom:error:timeout", "Took too long"},
    Row{Code::cancelled, 503, "urn:cityloom:error:cancelled", "Stopped"},
    Row{Code::corrupt, 500, "urn:cityloom:error:corrupt", "Stored data is damaged"},
    Row{Code::internal, 500, "urn:cityloom:error:internal", "A mistake in the server"},
};

const Row& row_of(Code code) {
  for (const Row& row : table) {
    if (row.code == code) return row;
  }
  return table.back();
}

}  // namespace

const ProblemStyle& own_problem_style() {
  static constexpr ProblemStyle style{[](Code code) { return row_of(code).type; }, nullptr};
  return style;
}

int status_of(Code code) {
  return row_of(code).status;
}

std::string_view title_of(Code code) {
  return row_of(code).title;
}

Response problem(const base::Error& error, const ProblemStyle& style, int status) {
  if (status == 0 && style.status != nullptr) status = style.status(error.code);
  if (status == 0) status = status_of(error.code);
  JsonText json;
  json.open_object()
      .member("type", style.type != nullptr ? style.type(error.code) : own_problem_style().type(error.code))
      .member("title", title_of(error.code))
      .member("status", status)
      .member("detail", error.remedy.empty() ? error.what : error.what + ": " + error.remedy);
  if (!error.where.empty()) json.member("where", error.where);
  json.close_object();
  // NGSI-LD, whose style is the only other one, has its errors as plain JSON (clause 6.3.3).
  const bool is_ours = &style == &own_problem_style();
  Response response{status, is_ours ? "application/problem+json" : "application/json", {}, json.take(), {}};
  if (error.code == Code::busy) response.header("Retry-After", "1");
  return response;
}

}  // namespace cityloom::serve
