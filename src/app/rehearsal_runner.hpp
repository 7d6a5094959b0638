// A rehearsal inside a server: an invented city where there is none, and its day, through the ordinary links.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "app/settings.hpp"
#include "link/links.hpp"
#include "rehearsal/live.hpp"
#include "thread/thread.hpp"

namespace cityloom::app {

/// The options of a day as set; it starts at `start`.
rehearsal::DayOptions day_options(const Settings& settings, base::Instant start);

/// The spec of the invented city as set.
rehearsal::CitySpec city_spec(const Settings& settings);

/// Makes the invented city in a thread, with progress on the error output. Errors: those of rehearsal::make_city.
base::Status make_invented_city(const rehearsal::CitySpec& spec, thread::Thread& thread, const base::Clock& clock,
                                std::stop_token stop);

/// Hands messages to the push links of packs/rehearsal; at most 64 under way. What a mapping refuses, its link tells.
std::unique_ptr<rehearsal::Outlet> outlet_to_links(link::Links& links);

/// Hands messages to the push doors of a running server: `url` as http://127.0.0.1:8080.
std::unique_ptr<rehearsal::Outlet> outlet_to_server(const std::string& url);

/// Whether a server begins a rehearsal: it is asked for, or there is nothing else to show.
bool wants_rehearsal(const Settings& settings, const thread::Thread& thread);

/// The name of the invented city that is shown, or will be, in both languages: "해오름시 · Haeoreum"; empty if there is
/// none.
std::string invented_city_name(const Settings& settings, const thread::Thread& thread);

/// Whether the links of packs/rehearsal are opened.
bool opens_rehearsal_links(const Settings& settings, const thread::Thread& thread);

/// Makes the city if the record is empty, then lives the day in it on a worker of its own, until destroyed. In a real
/// city only vehicles, people and sensors are invented.
class RehearsalRunner {
 public:
  /// All of it outlives the runner.
  RehearsalRunner(const Settings& settings, thread::Thread& thread, link::Links& links, const base::Clock& clock);
  ~RehearsalRunner();
  RehearsalRunner(const RehearsalRunner&) = delete;
  RehearsalRunner& operator=(const RehearsalRunner&) = delete;

 private:
  base::Status run(const std::stop_token& stop);

  const Settings& settings_;
  thread::Thread& thread_;
  link::Links& links_;
  const base::Clock& clock_;
  std::jthread worker_;
};

}  // namespace cityloom::app
