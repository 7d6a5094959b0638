// cityloom forecast: how good forecasts of series in files are.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "model/series/evaluate.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using model::series::NamedSeries;

base::Result<std::vector<NamedSeries>> read_file(const Arguments& arguments, const std::string& option) {
  const std::string* path = arguments.option(option);
  if (path == nullptr)
    return fail(Code::invalid, "it is needed", option, "name a CSV file: a series a row, id and values");
  std::ifstream in(*path, std::ios::binary);
  if (!in) return fail(Code::not_found, "cannot be opened", *path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto series = model::series::read_series(text);
  if (!series)
    return fail(series.error().code, series.error().what, *path + ", " + series.error().where, series.error().remedy);
  return series;
}

base::Result<size_t> period_of(const Arguments& arguments) {
  const std::string* text = arguments.option("--period");
  if (text == nullptr)
    return fail(Code::invalid, "it is needed", "--period", "24 for hours of a day, 12 for months; 1: no season");
  size_t period = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), period);
  if (error != std::errc() || end != text->data() + text->size() || period == 0 || period > 100'000)
    return fail(Code::invalid, "\"" + *text + "\" is no number from 1 to 100000", "--period");
  return period;
}

ExitCode run_eval(const Arguments& arguments) {
  const auto period = period_of(arguments);
  if (!period) return complain(period.error(), ExitCode::usage);
  for (const char* option : {"--train", "--test"}) {
    if (arguments.option(option) == nullptr)
      return complain(fail(Code::invalid, "it is needed", option, "name a CSV file: a series a row, id and values"),
                      ExitCode::usage);
  }
  const std::string* methods = arguments.option("--methods");
  if (methods != nullptr && *methods != "fast" && *methods != "boosted")
    return complain(fail(Code::invalid, "\"" + *methods + "\" is neither fast nor boosted", "--methods"),
                    ExitCode::usage);
  const auto training = read_file(arguments, "--train");
  if (!training) return complain(training.error(), exit_code_of_input(training.error()));
  const auto test = read_file(arguments, "--test");
  if (!test) return complain(test.error(), exit_code_of_input(test.error()));
  const auto start = std::chrono::steady_clock::now();
  const auto result =
      model::series::evaluate(*training, *test, *period, 0, methods != nullptr && *methods == "boosted");
  if (!result) return complain(result.error(), ExitCode::input);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const nlohmann::ordered_json json = {
      {"series", result->series},
      {"never_changed", result->never_changed},
      {"smape", result->smape},
      {"mase", result->mase},
      {"owa", result->owa},
      {"coverage", {{"50", result->coverage[0]}, {"80", result->coverage[1]}, {"90", result->coverage[2]}}},
      {"naive2", {{"smape", result->naive_2_smape}, {"mase", result->naive_2_mase}}},
      {"seconds", seconds}};
  std::printf("%s\n", json.dump().c_str());
  return ExitCode::ok;
}

ExitCode run_forecast(const Arguments& arguments) {
  if (arguments.names.size() == 1 && arguments.names[0] == "eval") return run_eval(arguments);
  return complain(
      fail(Code::invalid, "what to do is not said", "", "`cityloom forecast eval --train FILE --test FILE --period N`"),
      ExitCode::usage);
}

}  // namespace

Command forecast_command() {
  return {
      "forecast",
      "Measure forecasts against what came",
      "eval --train FILE --test FILE --period N [--methods fast|boosted]",
      "Both files are CSV as the M4 competition has them: a series a row, its id and then its values. Each series is\n"
      "forecast as far as its row of the test goes. Prints JSON: smape (percent), mase, owa (against Naive2), the\n"
      "coverage of the intervals of 50, 80 and 90 %, and seconds.\n",
      {{"--train", "FILE", "what is known: a series a row", ""},
       {"--test", "FILE", "what came after it, by the same ids", ""},
       {"--period", "N", "steps in a season: 24 for hours of a day; 1: none", ""},
       {"--methods", "SET", "fast (default), or boosted: also trees, some 50 times the time", ""}},
      run_forecast};
}

}  // namespace cityloom::app
