//! `cellhouse user`: local users. A running server reads the file anew by itself.

use std::io::{self, IsTerminal};

use crate::access::Role;
use crate::app::{Failure, cert};
use crate::cli::{DataArgs, UserArgs, UserCertificateArgs, UserCommand};
use crate::config::{self, UserConfig, Users};

/// Does one of the commands.
pub(super) fn user(command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add(args) => {
            open(&args.data)?.add(&args.name, &password()?, &roles(&args))?;
            println!("user {} added", args.name);
        }
        UserCommand::Passwd(args) => {
            open(&args.data)?.set_password(&args.name, &password()?)?;
            println!("user {} has a new password", args.name);
        }
        UserCommand::Roles(args) => {
            open(&args.data)?.set_roles(&args.name, &roles(&args))?;
            println!("user {} has new roles", args.name);
        }
        UserCommand::Remove(args) => {
            open(&args.data)?.remove(&args.name)?;
            cert::store(&args.data)?.1.set_user(&args.name, None)?;
            forget(&args.data, &args.name)?;
            println!("user {} removed", args.name);
        }
        UserCommand::Certificate(args) => certificate(&args)?,
        UserCommand::List(data) => {
            let list = open(&data)?.current();
            for user in list.iter() {
                println!("{}", line(user));
            }
        }
    }
    Ok(())
}

/// A user as the list shows him.
fn line(user: &UserConfig) -> String {
    let roles: Vec<&str> = user.roles.iter().map(|it| it.name()).collect();
    let options = [
        (user.options.disabled, "disabled"),
        (user.options.must_change, "has to change the password"),
        (user.options.no_change, "may not change the password"),
        (user.options.no_delete, "may not be removed by clients"),
    ];
    let options = options.iter().filter(|it| it.0).map(|it| it.1);
    let description = Some(user.description.as_str()).filter(|it| !it.is_empty());
    let notes: Vec<&str> = options.chain(description).collect();
    let line = format!("{}  {}", user.name, roles.join(", "));
    if notes.is_empty() { line } else { format!("{line}  ({})", notes.join("; ")) }
}

/// Takes the user out of the rules about roles: another may have his name one day.
fn forget(args: &DataArgs, name: &str) -> Result<(), Failure> {
    let folder = cert::server_of(args)?.data;
    let Some(before) = config::load_roles(&folder)? else { return Ok(()) };
    let mut table = before.clone();
    table.forget_user(name);
    if table != before {
        config::save_roles(&folder, &table)?;
        println!(
            "rules about roles no longer name {name}; a server that is running has to be told by a client"
        );
    }
    Ok(())
}

fn certificate(args: &UserCertificateArgs) -> Result<(), Failure> {
    if open(&args.data)?.current().roles(&args.name).is_none() {
        return Err(format!("there is no user {}; `cellhouse user add` adds one", args.name).into());
    }
    let (_, store) = cert::store(&args.data)?;
    let Some(path) = &args.certificate else {
        store.set_user(&args.name, None)?;
        println!("user {} has no certificate", args.name);
        return Ok(());
    };
    let der = cert::from_file(path)?;
    store.set_user(&args.name, Some(&der))?;
    println!("user {} logs in with {}", args.name, cert::name_of(&der));
    Ok(())
}

fn open(args: &DataArgs) -> Result<Users, Failure> {
    Ok(Users::open(&cert::server_of(args)?.data)?)
}

fn roles(args: &UserArgs) -> Vec<Role> {
    args.roles.iter().map(|it| Role::from(*it)).collect()
}

/// From the terminal without echo, or else one line of standard input.
fn password() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password: ")?;
        if rpassword::prompt_password("Once more: ")? != password {
            return Err("the two passwords differ".into());
        }
        return Ok(password);
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
