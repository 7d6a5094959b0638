// Thinning of the past: against a naive model, folded again, opened again, under readers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "store/record_model.hpp"
#include "store/store.hpp"
#include "store/test_folder.hpp"

namespace cityloom::store {
namespace {

using base::Instant;
using thread::Change;
using thread::main_branch;
using thread::PastSeries;
using thread::Snapshot;
using thread::ThinningRequest;
using thread::Thread;
using twin::Offset;
using twin::Term;

constexpr int64_t second_us = 1'000'000;
constexpr int64_t minute_us = 60 * second_us, hour_us = 60 * minute_us, day_us = 24 * hour_us;
const std::string sensor = "urn:e:sensor";

/// What some values come to.
struct Sums {
  uint64_t count = 0;
  double sum = 0, minimum = 0, maximum = 0;
  void add(uint64_t more, double of, double least, double greatest) {
    minimum = count == 0 ? least : std::min(minimum, least);
    maximum = count == 0 ? greatest : std::max(maximum, greatest);
    count += more;
    sum += of;
  }
  bool operator==(const Sums&) const = default;
};
void PrintTo(const Sums& sums, std::ostream* to) {
  *to << sums.count << " values, sum " << sums.sum << ", " << sums.minimum << " to " << sums.maximum;
}
using SumsOfDays = std::map<int64_t, Sums>;

/// Sums of observed days, as an aggregate hears them.
class DayListener final : public thread::PastVisitor {
 public:
  bool numbers(Term, Term, const thread::ChunkSummary& over) override {
    const int64_t day = over.first_observed_at.microseconds / day_us;
    if (day != over.last_observed_at.microseconds / day_us) return false;
    days[day].add(over.count, over.sum, over.minimum, over.maximum);
    return true;
  }
  void number(Term, Term, Instant at, double value) override {
    days[at.microseconds / day_us].add(1, value, value, value);
    ++heard;
  }
  void instance(const twin::Attribute& attribute, Instant at) override {
    const double value = twin::as_number(attribute.value);
    if (value == value && at.exists()) number({}, {}, at, value);
  }
  void thinned(const twin::Attribute& kept, Instant at, const thread::ChunkSummary& over) override {
    if (!over.has_numbers || !at.exists()) return instance(kept, at);
    days[at.microseconds / day_us].add(over.count, over.sum, over.minimum, over.maximum);
    ++heard;
  }
  SumsOfDays days;
  size_t heard = 0;
};

class Thinned : public testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    thread_.reset();
    EmbeddedOptions store_options;
    store_options.write_buffer_bytes = 128u << 10;
    auto opened = Thread::open(open_embedded(folder_.path("record"), store_options).value(), clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    thread_ = std::move(*opened);
    name_ = *thread_->terms().intern("urn:n:level");
    type_ = *thread_->terms().intern("urn:t:Sensor");
  }
  void refold() {
    thread_.reset();
    ASSERT_TRUE(thread::clear_views(*open_embedded(folder_.path("record")).value()).ok());
    open();
  }
  void expect_folds_alike() {
    const auto digest = thread_->views_digest();
    ASSERT_TRUE(digest.ok());
    open();
    ASSERT_EQ(*thread_->views_digest(), *digest) << "opened again";
    refold();
    ASSERT_EQ(*thread_->views_digest(), *digest) << "folded again from the first commit";
  }

  twin::Attribute number(double value, Instant observed_at) const {
    twin::Attribute attribute;
    attribute.name = name_;
    attribute.value = twin::number_value(value);
    attribute.observed_at = observed_at;
    return attribute;
  }
  Change change_of(Change::Kind kind, twin::Attribute attribute) const {
    Change change;
    change.kind = kind;
    change.entity_id = sensor;
    if (kind == Change::Kind::create_or_append || !thread_->snapshot().number_of(sensor)) change.types = {type_};
    change.attributes = {std::move(attribute)};
    return change;
  }
  Offset append(Change change, thread::BranchId branch = main_branch) {
    thread::ChangeSet set;
    set.branch = branch;
    set.author = "test";
    set.changes.push_back(std::move(change));
    const auto outcomes = thread_->append(std::move(set));
    EXPECT_TRUE(outcomes.ok() && outcomes->front().ok());
    return outcomes->front()->offset;
  }
  void measure(double value, Instant observed_at, thread::BranchId branch = main_branch) {
    append(change_of(Change::Kind::create_or_append, number(value, observed_at)), branch);
  }
  void load(const std::vector<std::pair<Instant, double>>& numbers) {
    twin::Attribute attribute = number(0, {});
    attribute.value = thread::pack_past_numbers(numbers);
    append(change_of(Change::Kind::state_past_numbers, std::move(attribute)));
  }

  thread::PlannedThinning plan(const ThinningRequest& request, thread::BranchId branch = main_branch) {
    auto planned = thread_->snapshot(branch).plan_thinning(sensor, request);
    EXPECT_TRUE(planned.ok()) << planned.error().text();
    return planned.ok() ? std::move(*planned) : thread::PlannedThinning();
  }
  /// Thins both series of the sensor piece by piece. Returns how many instances went.
  uint64_t thin(Instant from, Instant to, int64_t step_us, size_t chunks_max = 32,
                thread::BranchId branch = main_branch) {
    uint64_t gone = 0;
    const auto all = thread_->snapshot(branch).past_series(sensor);
    EXPECT_TRUE(all.ok());
    for (const PastSeries& series : *all) {
      for (Instant next = from;;) {
        const auto planned = plan({series, next, to, step_us, "test", chunks_max}, branch);
        gone += planned.thinning.taken_out;
        if (planned.thinning.taken_out > 0)
          append(change_of(Change::Kind::thin_past, thread::thinning_attribute(planned.thinning)), branch);
        if (!planned.next.exists()) break;
        next = planned.next;
      }
    }
    return gone;
  }
  DayListener heard(const Snapshot& snapshot) {
    DayListener listener;
    thread::HistoryQuery query;
    query.attributes = {name_};
    EXPECT_TRUE(snapshot.visit_past(sensor, query, listener).ok());
    return listener;
  }
  size_t instances(const Snapshot& snapshot) {
    const auto histories = snapshot.history(sensor, {});
    EXPECT_TRUE(histories.ok());
    return histories->empty() ? 0 : histories->front().instances.size();
  }

  const TemporaryFolder folder_;
  base::ManualClock clock_{Instant::from_seconds(1'700'000'000)};
  std::unique_ptr<Thread> thread_;
  Term name_, type_;
};

TEST_F(Thinned, DaysOfAYearOfMinutesComeToTheSame) {
  std::vector<std::pair<Instant, double>> minutes;
  for (int64_t minute = 0; minute < 30 * 24 * 60; ++minute)
    minutes.emplace_back(Instant{minute * minute_us + 7}, static_cast<double>(minute * 37 % 500) / 8);
  for (size_t at = 0; at < minutes.size(); at += 4'000)
    load({minutes.begin() + static_cast<int64_t>(at),
          minutes.begin() + static_cast<int64_t>(std::min(minutes.size(), at + 4'000))});
  const SumsOfDays before = heard(thread_->snapshot()).days;
  ASSERT_EQ(before.size(), 30u);
  EXPECT_EQ(thin({}, Instant{30 * day_us}, hour_us, 8), 30u * 24 * 59);
  EXPECT_EQ(heard(thread_->snapshot()).days, before);
  EXPECT_EQ(instances(thread_->snapshot()), 30u * 24);
  EXPECT_EQ(thin({}, Instant{30 * day_us}, hour_us), 0u) << "what is thinned stays as it is";
  EXPECT_EQ(thin({}, Instant{30 * day_us}, day_us), 30u * 23);
  EXPECT_EQ(heard(thread_->snapshot()).days, before);
  expect_folds_alike();
  EXPECT_EQ(heard(thread_->snapshot()).days, before);
  uint64_t told = 0;
  const auto thinnings = thread_->snapshot().thinnings(sensor);
  for (const auto& one : *thinnings) {
    told += one.taken_out;
    EXPECT_EQ(one.sha256.size(), 64u);
    EXPECT_EQ(one.rule, "test");
  }
  EXPECT_EQ(told, 30u * (24 * 59 + 23));
}

TEST_F(Thinned, WhatIsDroppedIsGoneAndToldOf) {
  for (int i = 0; i < 700; ++i) measure(i, Instant{i * minute_us});
  const Offset head = thread_->head();
  EXPECT_EQ(thin({}, Instant{600 * minute_us}, 0), 600u);
  EXPECT_EQ(instances(thread_->snapshot()), 100u);
  EXPECT_EQ(thread_->snapshot().find(sensor)->unpack().attributes.size(), 1u) << "what is now stays";
  const auto thinnings = thread_->snapshot_at(head).value().thinnings(sensor);
  ASSERT_EQ(thinnings->size(), 1u) << "also as of before: there it is gone too";
  EXPECT_EQ(thinnings->front().taken_out, 600u);
  EXPECT_EQ(thinnings->front().first, Instant{0});
  EXPECT_EQ(thinnings->front().last, Instant{599 * minute_us});
  EXPECT_EQ(thread_->snapshot_at(Offset{300}).value().find(sensor)->unpack().attributes.size(), 0u);
  expect_folds_alike();
  EXPECT_EQ(thin({}, Instant{700 * minute_us}, 0), 99u) << "the latest is not of the past";
  expect_folds_alike();
  for (int i = 700; i < 720; ++i) measure(i, Instant{i * minute_us});
  expect_folds_alike();
  EXPECT_EQ(instances(thread_->snapshot()), 21u);
}

TEST_F(Thinned, APlanThatNoLongerFitsChangesNothing) {
  for (int i = 0; i < 100; ++i) measure(i, Instant{i * second_us});
  const auto planned = plan({{name_, {}, false}, {}, Instant{hour_us}, minute_us, "test"});
  EXPECT_EQ(planned.thinning.taken_out, 97u);
  measure(100, Instant{100 * second_us});  // the one before it is of the past now
  append(change_of(Change::Kind::thin_past, thread::thinning_attribute(planned.thinning)));
  EXPECT_EQ(instances(thread_->snapshot()), 101u);
  EXPECT_TRUE(thread_->snapshot().thinnings(sensor)->empty());
  expect_folds_alike();
}

TEST_F(Thinned, LateObservationsAreTakenAndThinnedLater) {
  load({{Instant{0}, 1}, {Instant{1}, 2}, {Instant{2}, 3}});
  EXPECT_EQ(thin({}, Instant{day_us}, hour_us), 2u);
  load({{Instant{5}, 10}});
  EXPECT_EQ(instances(thread_->snapshot()), 2u);
  EXPECT_EQ(thin({}, Instant{day_us}, hour_us), 1u);
  EXPECT_EQ(instances(thread_->snapshot()), 1u);
  const Sums all{4, 16, 1, 10};
  EXPECT_EQ(heard(thread_->snapshot()).days.at(0), all);
  load({{Instant{7}, 1}});
  load({{Instant{day_us}, 1}, {Instant{day_us + 1}, 1}});
  EXPECT_EQ(thin(Instant{day_us}, Instant{2 * day_us}, hour_us), 1u);
  EXPECT_EQ(thin({}, Instant{2 * day_us}, hour_us), 1u) << "what came late before a later stretch was thinned";
  expect_folds_alike();
}

TEST_F(Thinned, OtherValuesKeepTheLastOfAPeriodAndEndsStay) {
  for (int i = 0; i < 10; ++i) {
    twin::Attribute state = number(0, Instant{i * 20 * second_us});
    state.value = std::string(i % 2 == 0 ? "open" : "shut") + std::to_string(i);
    append(change_of(Change::Kind::create_or_append, state));
  }
  Change end = change_of(Change::Kind::remove_attribute, {});
  end.attributes.clear();
  end.attribute_name = name_;
  const Offset ended = append(end);
  EXPECT_EQ(thin({}, Instant{hour_us}, minute_us), 6u);
  const auto histories = thread_->snapshot().history(sensor, {});
  std::vector<std::string> kept;
  for (const auto& one : histories->front().instances) kept.push_back(std::get<std::string>(one.value));
  EXPECT_THAT(kept, testing::ElementsAre("open2", "shut5", "open8", "shut9"));
  EXPECT_EQ(histories->front().instances.front().stands_for, 3u);
  EXPECT_EQ(thread_->snapshot_at(ended).value().find(sensor)->unpack().attributes.size(), 0u);
  expect_folds_alike();
}

TEST_F(Thinned, CorrectionsAndRemovalsCount) {
  load({{Instant{0}, 1}, {Instant{1}, 2}, {Instant{2}, 3}, {Instant{3}, 4}});
  const auto histories = thread_->snapshot().history(sensor, {});
  twin::Attribute corrected = number(20, Instant{1});
  thread::set_past_key(histories->front().instances[1].key, corrected);
  append(change_of(Change::Kind::correct_past, corrected));
  twin::Attribute removed = number(0, {});
  thread::set_past_key(histories->front().instances[3].key, removed);
  append(change_of(Change::Kind::remove_past, removed));
  const SumsOfDays before = heard(thread_->snapshot()).days;
  EXPECT_EQ(before.at(0), (Sums{3, 24, 1, 20}));
  EXPECT_EQ(thin({}, Instant{day_us}, hour_us), 3u);
  EXPECT_EQ(heard(thread_->snapshot()).days, before);
  expect_folds_alike();
  append(change_of(Change::Kind::remove_past, thread::all_past_of(name_, Term::unknown())));
  EXPECT_TRUE(heard(thread_->snapshot()).days.empty()) << "all of the past takes thinned periods too";
  expect_folds_alike();
}

TEST_F(Thinned, ABranchReadsWhatIsLeftOfItsParent) {
  for (int i = 0; i < 50; ++i) measure(i, Instant{i * second_us});
  const auto branch = thread_->fork("what-if").value();
  measure(50, Instant{50 * second_us}, branch);
  const SumsOfDays before = heard(thread_->snapshot(branch)).days;
  EXPECT_EQ(thin({}, Instant{hour_us}, minute_us), 48u);
  EXPECT_EQ(heard(thread_->snapshot(branch)).days, before);
  EXPECT_EQ(thread_->snapshot(branch).thinnings(sensor)->size(), 1u);
  EXPECT_EQ(instances(thread_->snapshot(branch)), 3u);
}

// What it superseded first counts with its parent: it must not be counted here once more.
TEST_F(Thinned, WhatABranchWroteIsThinnedOnIt) {
  for (int i = 0; i < 50; ++i) measure(i, Instant{i * second_us});
  const auto branch = thread_->fork("what-if").value();
  for (int i = 50; i < 100; ++i) measure(i, Instant{i * second_us}, branch);
  const auto below = thread_->fork("what-if-then", branch).value();
  measure(100, Instant{100 * second_us}, below);
  const SumsOfDays main_before = heard(thread_->snapshot()).days, before = heard(thread_->snapshot(branch)).days;
  const SumsOfDays below_before = heard(thread_->snapshot(below)).days;
  EXPECT_EQ(before.at(0), (Sums{100, 4'950, 0, 99}));
  EXPECT_EQ(thin({}, Instant{hour_us}, minute_us), 48u);
  EXPECT_EQ(thin({}, Instant{hour_us}, minute_us, 32, branch), 47u) << "also after the same was done on main";
  EXPECT_EQ(thin({}, Instant{hour_us}, minute_us, 32, branch), 0u);
  EXPECT_EQ(heard(thread_->snapshot()).days, main_before);
  EXPECT_EQ(heard(thread_->snapshot(branch)).days, before);
  EXPECT_EQ(heard(thread_->snapshot(below)).days, below_before);
  EXPECT_EQ(instances(thread_->snapshot(branch)), 5u);
  EXPECT_EQ(thread_->snapshot().thinnings(sensor)->size(), 1u);
  EXPECT_EQ(thread_->snapshot(branch).thinnings(sensor)->size(), 2u);
  expect_folds_alike();
  EXPECT_EQ(thin({}, Instant{hour_us}, 0, 32, branch), 3u) << "with what it had superseded of its parent's";
  EXPECT_TRUE(thread_->drop(below).ok());
  expect_folds_alike();
}

/// Readers that began before a thinning end on what was then.
TEST_F(Thinned, ReadersUnderWayHearOneOrTheOther) {
  std::vector<std::pair<Instant, double>> seconds;
  for (int64_t i = 0; i < 4'000; ++i) seconds.emplace_back(Instant{i * second_us}, 1);
  load(seconds);
  std::atomic<bool> goes_on = true;
  std::atomic<int> reads = 0;
  std::thread reader([&] {
    while (goes_on) {
      const DayListener listener = heard(thread_->snapshot());
      EXPECT_EQ(listener.days.at(0).count, 4'000u);
      EXPECT_GE(instances(thread_->snapshot()), 1u);
      ++reads;
    }
  });
  for (const int64_t step_s : {2, 4, 8, 40, 400, 4'000}) {
    const int read = reads;
    while (reads < read + 2) std::this_thread::yield();
    EXPECT_GT(thin({}, Instant{day_us}, step_s * second_us, 2), 0u);
    EXPECT_TRUE(thread_->checkpoint().ok());
  }
  goes_on = false;
  reader.join();
  EXPECT_EQ(instances(thread_->snapshot()), 1u);
}

class ThinnedOracle : public Thinned, public testing::WithParamInterface<uint64_t> {
 protected:
  uint64_t below(uint64_t end) { return random_() % end; }
  double value() { return static_cast<double>(below(4'000)) / 8 - 100; }
  Instant time() { return Instant{static_cast<int64_t>(below(static_cast<uint64_t>(5 * day_us)))}; }

  void act() {
    const uint64_t what = below(40);
    if (what < 15) {
      for (uint64_t left = below(20); left > 0; --left) measure(value(), time());
    } else if (what < 30) {
      std::map<Instant, double> numbers;
      for (uint64_t left = 1 + below(what == 20 ? 2'000 : 60); left > 0; --left) numbers[time()] = value();
      load({numbers.begin(), numbers.end()});
    } else if (what < 33) {
      correct();
    } else if (what == 33) {
      ASSERT_TRUE(thread_->checkpoint().ok());
    } else {
      const std::vector<int64_t> steps = {minute_us, 5 * second_us, hour_us, 6 * hour_us, day_us};
      thin(below(2) == 0 ? Instant() : Instant{static_cast<int64_t>(below(3)) * day_us},
           Instant{static_cast<int64_t>(below(6)) * day_us}, steps[below(steps.size())], 1 + below(6));
    }
  }
  void correct() {
    const auto histories = thread_->snapshot().history(sensor, {});
    if (histories->empty()) return;
    const auto& instances = histories->front().instances;
    const auto& one = instances[below(instances.size())];
    if (one.stands_for > 1) return;
    twin::Attribute attribute = number(value(), time());
    thread::set_past_key(one.key, attribute);
    append(change_of(below(2) == 0 ? Change::Kind::correct_past : Change::Kind::remove_past, attribute));
  }
  SumsOfDays expected() {
    while (folded_ < thread_->head()) {
      const auto commits = thread_->feed(folded_, 100);
      for (const auto& commit : *commits) {
        model_.fold(*commit);
        folded_ = commit->offset;
      }
    }
    SumsOfDays days;
    for (const Stated& one : model_.history(main_branch, thread_->head(), sensor, name_, {})) {
      const double number = twin::as_number(one.value);
      days[one.observed_at.microseconds / day_us].add(1, number, number, number);
    }
    return days;
  }

  std::mt19937_64 random_{GetParam()};
  RecordModel model_;
  Offset folded_;
};

TEST_P(ThinnedOracle, DaysComeToWhatWasStatedHoweverItIsThinned) {
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 25; ++i) act();
    const SumsOfDays wanted = expected();
    ASSERT_EQ(heard(thread_->snapshot()).days, wanted) << "round " << round;
    expect_folds_alike();
    ASSERT_EQ(heard(thread_->snapshot()).days, wanted) << "folded again";
    if (HasFailure()) return;
  }
  uint64_t gone = 0;
  const auto thinnings = thread_->snapshot().thinnings(sensor);
  for (const auto& one : *thinnings) gone += one.taken_out;
  EXPECT_GT(gone, 100u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ThinnedOracle, testing::Range<uint64_t>(1, 5));

}  // namespace
}  // namespace cityloom::store
