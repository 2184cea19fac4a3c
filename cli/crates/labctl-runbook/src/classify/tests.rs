use super::*;
use crate::{Runbook, script::Script};

fn own() -> ComposeNames {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    ComposeNames {
        project: "lab".to_owned(),
        services: names(&["db", "web"]),
        containers: names(&["lab-db"]),
        volumes: names(&["data"]),
        images: names(&["redis:7.2-alpine", "web"]),
        networks: names(&["net"]),
    }
}

/// What a block's code is found to be: `endless: …`, `interactive: …`, `harmful: …`, or nothing.
fn kinds(code: &str) -> String {
    let script = Script::new(code);
    let mut own = own();
    made_by(&script, &mut own);
    let found = [
        ("endless", endless(code, &script)),
        ("interactive", interactive(code, &script)),
        ("harmful", harmful(code, &script, &own)),
    ];
    let found: Vec<String> = found
        .into_iter()
        .filter_map(|(kind, finding)| {
            let finding = finding?;
            assert!(
                code.get(finding.range.clone())
                    .is_some_and(|text| !text.is_empty())
            );
            Some(format!("{kind}: {}", finding.command))
        })
        .collect();
    found.join("; ")
}

#[track_caller]
fn check(kind: &str, codes: &[&str]) {
    for code in codes {
        let found = kinds(code);
        assert!(
            found.starts_with(&format!("{kind}: ")) && !found.contains(';'),
            "{code}: {found:?}"
        );
    }
}

#[track_caller]
fn check_plain(codes: &[&str]) {
    for code in codes {
        assert_eq!(kinds(code), "", "{code}");
    }
}

#[test]
fn endless_commands_are_known() {
    check(
        "endless",
        &[
            "docker compose logs -f",
            "docker compose logs -f lab42-worker --tail=20",
            "docker compose logs --tail=20 -f lab42-worker",
            "docker-compose logs --follow db",
            "docker compose -f x.yaml logs -tf",
            "docker logs -f lab-db",
            "docker logs -f lab-db | grep x",
            "tail -f app.log",
            "tail -n 5 -F app.log",
            "tail -5f app.log",
            "watch -n 1 docker ps",
            "docker stats",
            "docker compose stats",
            "docker events",
            "docker compose up",
            "docker compose up db",
            "docker compose exec db tail -f /var/log/x",
            "docker exec lab-db sh -c 'tail -f /var/log/x'",
            "docker compose exec -T db redis-cli MONITOR",
            "redis-cli -h localhost subscribe news",
            "kubectl get pods -w",
            "kubectl -n x logs -f pod",
            "ping localhost",
            "sudo journalctl -fu docker",
            "while true; do curl -s localhost; sleep 1; done",
            "echo; while :\ndo date\nsleep 1\ndone",
            "sleep infinity",
            "python3 -m http.server 8000",
            "echo x && tail -f y",
        ],
    );
}

#[test]
fn endless_commands_with_an_end_are_plain() {
    check_plain(&[
        "docker compose logs",
        "docker compose logs --tail=50",
        "docker compose logs lab08-redis --tail=20",
        "docker compose -f compose.yaml logs db",
        "docker compose logs db | tail -f5 -n 3 | head",
        "timeout 5 docker compose logs -f",
        "timeout --signal=INT 5s docker compose logs -f || true",
        "docker compose logs -f | head -n 20",
        "docker compose logs -f &",
        "docker compose logs -f > log & PID=$!; sleep 1; kill $PID",
        "docker logs -f --until 5s lab-db",
        "docker stats --no-stream",
        "docker events --since 1m --until 0s",
        "tail -n 5 app.log",
        "tail -f --pid=$PID app.log",
        "ping -c 3 localhost",
        "watch -g -n 1 ls",
        "docker compose up -d",
        "docker compose up --build -d",
        "docker compose up -d --no-deps lab42-worker",
        "docker compose up --abort-on-container-exit",
        "docker compose exec db timeout 3 tail -f x",
        "until curl -sf localhost; do sleep 1; done",
        "while true; do curl -sf localhost && break; sleep 1; done",
        "while true; do :; done & sleep 1; kill %1",
        "timeout 3 bash -c 'while true; do curl x; done'",
        "end=$((SECONDS+20)); while [ $SECONDS -lt $end ]; do curl -s x & done; wait",
        "for i in {1..5}; do curl x; done",
        "echo 'docker compose logs -f'",
        "echo \"run: docker compose logs -f\" # docker compose logs -f",
        "cat <<EOF\ndocker compose logs -f\nEOF",
        "grep -rf patterns .",
        "f=-f; docker compose -f a.yaml ps",
    ]);
}

#[test]
fn interactive_commands_are_known() {
    check(
        "interactive",
        &[
            "docker compose exec lab08-redis redis-cli",
            "docker compose exec -it redis redis-cli -h x -p 6379",
            "redis-cli",
            "docker compose exec postgres psql -U labuser -d items_db",
            "docker compose exec postgres psql -U labuser items_db",
            "docker exec -it lab-db bash",
            "docker compose exec db sh",
            "docker exec -it lab-db redis-cli ping",
            "docker run --rm -it alpine",
            "docker compose run --rm db bash",
            "psql",
            "PGPASSWORD=x psql -h localhost -U u db",
            "mysql -u root -p",
            "bash",
            "zsh -l",
            "python3",
            "sudo vim /etc/hosts",
            "less README.md",
            "top",
            "htop",
            "read -p 'Press enter' x",
            "read",
            "ssh host",
            "ssh -p 22 user@host",
            "sudo -i",
            "docker login",
            "kubectl exec -it pod -- bash",
            "sqlite3 my.db",
            "docker compose exec db sh -c 'redis-cli'",
        ],
    );
}

#[test]
fn clients_that_are_told_what_to_do_are_plain() {
    check_plain(&[
        "docker compose exec redis redis-cli ping",
        "docker compose exec lab42-redis redis-cli FLUSHALL",
        "docker compose exec -T lab42-redis redis-cli LRANGE write_behind:dlq 0 -1",
        "docker compose exec lab42-redis redis-cli KEYS 'cache:*'",
        "docker compose exec redis redis-cli INFO stats | grep keyspace",
        "docker compose exec lab42-postgres psql -U labuser -d labdb -c \"SELECT 1;\"",
        "docker compose exec -T p psql -U u -d d -t -c 'select count(*)' | tr -d ' '",
        "docker compose exec postgres pg_isready -U labuser -d items_db",
        "psql -f x.sql",
        "psql -l",
        "psql --version",
        "psql -U u db < x.sql",
        "echo 'select 1' | psql",
        "docker compose exec -T db psql -U u <<SQL\nselect 1\nSQL",
        "redis-cli --version",
        "redis-cli --scan --pattern 'x*'",
        "printf 'ping\\n' | redis-cli",
        "mysql -e 'select 1'",
        "bash script.sh",
        "bash -c 'echo'",
        "curl x | bash",
        "curl x | sh -s -- -y",
        "python3 x.py",
        "python3 -c 'print(1)'",
        "python3 - <<EOF\nprint(1)\nEOF",
        "ps aux | less",
        "top -b -n 1",
        "while read -r line; do echo $line; done < file",
        "ls | while read f; do echo $f; done",
        "read -r a b <<< \"1 2\"",
        "ssh host uptime",
        "docker compose run --rm lab08-k6 run /scripts/basic.js",
        "docker run --rm -d --name x redis",
        "docker exec -i lab-db psql < f",
        "docker exec lab-db ls",
        "sqlite3 my.db 'select 1'",
        "vim --version",
    ]);
}

#[test]
fn harmful_commands_are_known() {
    check(
        "harmful",
        &[
            "docker system prune -f",
            "docker compose down -v\ndocker system prune -af --volumes",
            "docker volume prune -f",
            "docker image prune",
            "docker container prune -f",
            "docker network prune -f",
            "docker builder prune -f",
            "docker volume rm other",
            "docker volume rm data other",
            "docker volume rm \"$NAME\"",
            "docker volume rm $(docker volume ls -q)",
            "docker volume ls -q | xargs docker volume rm",
            "docker rmi postgres:16",
            "docker image rm -f x",
            "docker rm -f other",
            "docker rm -f $(docker ps -aq)",
            "docker stop $(docker ps -q)",
            "docker ps -aq | xargs -r docker rm -f",
            "docker compose -p other down -v",
            "rm -rf /",
            "rm -rf /*",
            "sudo rm -fr ~",
            "rm -r -f $HOME/",
            "rm -rf \"$HOME\"",
            "rm --recursive /usr",
            "rm -Rf ~/*",
            "mkfs.ext4 /dev/sda1",
            "dd if=/dev/zero of=/dev/sda",
            "sudo shutdown -h now",
            "reboot",
            ":(){ :|:& };:",
            "bash -c 'docker system prune -f'",
            "true || docker system prune -f",
        ],
    );
}

#[test]
fn what_is_the_labs_own_is_no_harm() {
    check_plain(&[
        "docker compose down -v",
        "docker compose down -v --rmi local --remove-orphans",
        "docker compose -p lab down -v",
        "docker volume rm data lab_data 2>/dev/null || true",
        "docker rm -f lab-db web lab-web-1",
        "docker rmi web:latest lab-web redis:7.2-alpine",
        "docker network rm net lab_default",
        "docker run -d --name mine redis\ndocker rm -f mine",
        "docker volume create v && docker volume rm v",
        "docker build -t me:1 . && docker rmi me:1",
        "docker rm -f $CONTAINER",
        "docker stop $(docker ps -q --filter name=lab)",
        "docker kill $(docker compose ps -q db)",
        "docker compose rm -sf db",
        "docker compose kill db",
        "docker volume ls",
        "rm -rf ./data /tmp/x",
        "rm -rf target",
        "rm -rf \"$DIR/build\"",
        "rm -f /etc/x.tmp",
        "dd if=/dev/zero of=/tmp/x bs=1M count=1",
        "dd if=x of=/dev/null",
        "echo 'docker system prune -f'",
        "f() { f; }",
    ]);
}

#[track_caller]
fn check_needed(code: &str, expected: &[&str]) {
    let source = format!("```bash\n{code}\n```\n");
    let runbook = Runbook::parse(&source);
    let needed = commands_needed(&runbook, &[0]);
    for command in &needed {
        assert_eq!(&source[command.span.range()], command.name);
    }
    let names: Vec<&str> = needed.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names, expected, "{code}");
}

#[test]
fn programs_that_a_block_needs_are_named_once() {
    check_needed("curl -s x | jq .\ncurl y | jq .", &["curl", "jq"]);
    check_needed("AVG=$(echo \"1+2\" | bc)", &["bc"]);
    check_needed("for i in {1..3}; do python3 -c 'x'; done", &["python3"]);
    check_needed("time sudo -u x timeout 5 jq .", &["sudo", "jq"]);
    check_needed("docker compose exec db psql -c x", &["docker"]);
    check_needed(
        "x=$(docker ps | wc -l); [ $x -gt 1 ] && echo",
        &["docker", "wc"],
    );
    check_needed("seq 3 | xargs -n1 jq", &["seq", "xargs", "jq"]);
}

#[test]
fn programs_in_doubt_are_not_named() {
    check_needed(
        "echo a; cd b; export C=1; [[ -f x ]]; (( 1 )); set -e; wait",
        &[],
    );
    check_needed(
        "./run.sh; /usr/bin/foo; ~/x; $CMD a; \"$X\"; $(which jq) .",
        &[],
    );
    check_needed("f() { jq; }; f; f | f", &["jq"]);
    check_needed(
        "command -v jq >/dev/null || sudo apt-get install -y jq\njq .",
        &[],
    );
    check_needed("if which foo; then foo; fi", &[]);
    check_needed(
        "if [ $(uname) = Darwin ]; then brew x; fi; case $x in a) foo;; esac",
        &[],
    );
    check_needed("foo --version 2>/dev/null || echo no foo", &[]);
    check_needed("docker info >/dev/null 2>&1 && echo yes || echo no", &[]);
    check_needed("cargo install hyperfine && hyperfine x", &["cargo"]);
    check_needed("export PATH=$HOME/bin:$PATH\nfoo", &[]);
    check_needed("source venv/bin/activate\nfoo", &[]);
    check_needed("curl -o ~/bin/foo x; foo", &["curl"]);
    check_needed("alias k=kubectl\nk get", &[]);
    check_needed("echo \"jq\" 'foo' # bar\ncat <<EOF\nfoo bar\nEOF", &["cat"]);
}

#[test]
fn earlier_blocks_provide_for_later_ones() {
    let runbook = Runbook::parse(
        "```bash\nf() { :; }\npip install httpie\n```\n\n```python\nfoo()\n```\n\n```bash\nf; httpie; http; jq\n```\n",
    );
    let names: Vec<String> = commands_needed(&runbook, &[0, 1, 2])
        .into_iter()
        .map(|command| format!("{} in {}", command.name, command.block))
        .collect();
    assert_eq!(names, ["pip in 0", "http in 2", "jq in 2"]);
}
