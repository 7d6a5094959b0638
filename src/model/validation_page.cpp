#include "model/validation_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace cityloom::model {
namespace {

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char letter : text) {
    switch (letter) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

bool all_hold(const Validation& cases) {
  return std::ranges::all_of(cases, &ValidationCase::holds);
}

std::string row_of(const ValidationCase& one) {
  return fmt::format(
      "<section><h2>{}</h2><p>{}; {}</p><table><tr><th>발표값 Published<th>여기 Ours<th>차이 Error<th>허용 "
      "Allowed<th></tr>"
      "<tr><td>{:.10g} {}<td>{:.10g} {}<td>{:.3g} {}<td>{:.3g} {}<td class={}>{}</tr></table>{}</section>\n",
      escaped(one.name), escaped(one.quantity), escaped(one.source), one.published, escaped(one.unit), one.ours,
      escaped(one.unit), one.error, escaped(one.error_unit), one.error_max, escaped(one.error_unit),
      one.holds() ? "good" : "bad", one.holds() ? "지킴 holds" : "어긋남 missed", one.picture_svg);
}

}  // namespace

Json json_of(const Declaration& declaration, const Validation& cases) {
  Json json = {{"model", declaration.id},
               {"version", declaration.version},
               {"holds", all_hold(cases)},
               {"cases", Json::array()}};
  for (const ValidationCase& one : cases)
    json["cases"].push_back({{"name", one.name},
                             {"quantity", one.quantity},
                             {"source", one.source},
                             {"unit", one.unit},
                             {"published", one.published},
                             {"ours", one.ours},
                             {"error", one.error},
                             {"error_max", one.error_max},
                             {"error_unit", one.error_unit},
                             {"holds", one.holds()}});
  return json;
}

base::Status write_validation_page(const std::string& folder, const Declaration& declaration, const Validation& cases) {
  const std::string path = folder + "/" + declaration.id + ".html";
  std::ofstream out(path, std::ios::binary);
  out << "<!doctype html><html lang=ko><meta charset=utf-8><meta name=viewport content='width=device-width'>"
      << "<title>" << escaped(declaration.title.en) << "</title><style>body{font:16px/1.5 sans-serif;max-width:60em;"
      << "margin:2em auto;padding:0 1em}table{border-collapse:collapse}td,th{padding:.2em .8em;border:1px solid #ccc;"
      << "text-align:right}.good{color:#06643b}.bad{color:#b00020;font-weight:bold}svg{max-width:100%;height:auto}"
      << "</style>\n<h1>" << escaped(declaration.title.ko) << " · " << escaped(declaration.title.en) << " "
      << escaped(declaration.version) << "</h1>\n<p>" << escaped(declaration.card.method.ko) << "</p><p>"
      << escaped(declaration.card.method.en) << "</p>\n";
  for (const ValidationCase& one : cases) out << row_of(one);
  out << "</html>\n";
  out.close();
  if (!out) return base::fail(base::Code::unavailable, "cannot be written", path, "see to the disk");
  return {};
}

}  // namespace cityloom::model
